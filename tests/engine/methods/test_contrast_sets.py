"""FALCON's groups of units and their sets of images follow their definition."""

from __future__ import annotations

import numpy as np
import pytest

from engine.methods.contrast_sets import (
    FeatureGroup,
    bound_at,
    feature_groups,
    low_sets,
    single_units,
    to_representations,
)


def _representations(units: int, images: int) -> np.ndarray:
    activations = np.random.default_rng(images).normal(size=(units, images)).astype(np.float32)
    activations[:, 3] = 0
    return to_representations(activations)


def test_representations_have_length_one_and_zeros_stay() -> None:
    found = to_representations(np.array([[3, 0, -2], [4, 0, 0]], dtype=np.float32))
    np.testing.assert_allclose(found, [[0.6, 0, -1], [0.8, 0, 0]], rtol=1e-6)


@pytest.mark.parametrize("limit", [0.25, 0.0, -1.5, 5.0])
def test_the_bound_is_so_many_deviations_above_the_mean_of_all_representations(limit: float) -> None:
    representations = _representations(14, 5000)
    expected = representations.mean(dtype=np.float64) + limit * representations.std(dtype=np.float64, ddof=1)
    assert bound_at(representations, limit) == pytest.approx(expected)


def test_one_representation_has_no_deviation() -> None:
    assert bound_at(np.ones((1, 1), dtype=np.float32), 5.0) == 1.0


@pytest.mark.parametrize("bound", [0.5, -0.2])
@pytest.mark.parametrize(("units", "images"), [(1, 5), (4, 50), (14, 5000)])
def test_the_sets_of_single_units_follow_their_definition(units: int, images: int, bound: float) -> None:
    representations = _representations(units, images)
    groups = single_units(representations, bound)
    low = low_sets(representations, groups, 0.1, 7)
    for unit, group in enumerate(groups):
        assert group.units.tolist() == [unit]
        assert group.high.tolist() == np.flatnonzero(representations[unit] >= bound).tolist()
        assert low[unit].tolist() == _low(representations, group, 0.1, 7)


def test_groups_are_the_units_that_reach_the_bound_in_the_same_images() -> None:
    representations = _representations(10, 3000)
    found = {tuple(group.units): group.high.tolist() for group in feature_groups(representations, 0.35, 10)}
    expected: dict[tuple[int, ...], list[int]] = {}
    for image, values in enumerate(representations.T):
        expected.setdefault(tuple(np.flatnonzero(values >= 0.35)), []).append(image)
    del expected[()]
    assert found == {units: images for units, images in expected.items() if len(images) > 10}
    assert any(len(units) > 1 for units in found)
    sizes = sorted(map(len, expected.values()))
    assert len(feature_groups(representations, 0.35, 0)) == len(sizes)
    assert feature_groups(representations, 0.35, sizes[-1]) == []


def test_the_low_set_of_a_group_activates_none_of_its_units() -> None:
    representations = _representations(10, 3000)
    groups = [group for group in feature_groups(representations, 0.3, 5) if len(group.units) > 1]
    assert len(groups) > 3
    for group, low in zip(groups, low_sets(representations, groups, 0.05, 6), strict=True):
        assert low.tolist() == _low(representations, group, 0.05, 6)


def _low(representations: np.ndarray, group: FeatureGroup, alike: float, count: int) -> list[int]:
    """The definition, in float64."""
    values = representations.astype(np.float64)
    others = np.delete(values, group.units, axis=0)
    if len(group.high) == 0:
        return []
    products = others.T @ others[:, group.high].mean(axis=1)
    may_be = (values[group.units] < values.mean()).all(axis=0) & (products >= alike)
    return sorted(np.flatnonzero(may_be).tolist(), key=lambda image: -products[image])[:count]


def test_a_unit_without_a_high_set_has_no_low_set() -> None:
    representations = to_representations(np.array([[0.1, 0.1, 0.0, 0.1], [1, 1, 1, 1]], dtype=np.float32))
    groups = single_units(representations, 0.9)
    assert [len(group.high) for group in groups] == [0, 4]
    assert len(low_sets(representations, groups, 0.0, 3)[0]) == 0
    assert low_sets(representations, [], 0.0, 3) == []


def test_equally_similar_images_are_taken_by_index() -> None:
    activations = np.tile(np.array([[0], [1], [1]], dtype=np.float32), 9)
    activations[0, 0] = 2
    representations = to_representations(activations)
    groups = single_units(representations, 0.5)
    assert groups[0].high.tolist() == [0]
    assert low_sets(representations, groups, 0.1, 3)[0].tolist() == [1, 2, 3]
