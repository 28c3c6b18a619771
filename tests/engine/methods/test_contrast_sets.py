"""FALCON's high and low sets follow their definition."""

from __future__ import annotations

import numpy as np
import pytest

from engine.methods.contrast_sets import contrast_sets


@pytest.mark.parametrize(("units", "images"), [(1, 5), (4, 50), (14, 5000)])
def test_the_sets_follow_their_definition(units: int, images: int) -> None:
    activations = np.random.default_rng(images).normal(size=(units, images)).astype(np.float32)
    activations[:, 3] = 0
    representations = activations.astype(np.float64)
    lengths = np.linalg.norm(representations, axis=0)
    representations[:, lengths > 0] /= lengths[lengths > 0]
    sets = contrast_sets(activations, 0.5, 0.1, 7)
    for unit in range(units):
        high = np.flatnonzero(representations[unit] >= 0.5)
        others = np.arange(units) != unit
        products = representations[others].T @ representations[others][:, high].mean(axis=1)
        may_be = (representations[unit] < representations.mean()) & (products >= 0.1)
        expected = sorted(np.flatnonzero(may_be), key=lambda image: -products[image])[:7]
        assert sets.high[unit].tolist() == high.tolist()
        assert sets.low[unit].tolist() == expected


def test_a_unit_without_a_high_set_has_no_low_set() -> None:
    activations = np.array([[0.1, 0.1, 0.0, 0.1], [1, 1, 1, 1]], dtype=np.float32)
    sets = contrast_sets(activations, 0.9, 0.0, 3)
    assert [len(images) for images in sets.high] == [0, 4]
    assert len(sets.low[0]) == 0


def test_equally_similar_images_are_taken_by_index() -> None:
    activations = np.tile(np.array([[0], [1], [1]], dtype=np.float32), 9)
    activations[0, 0] = 2
    sets = contrast_sets(activations, 0.5, 0.1, 3)
    assert sets.high[0].tolist() == [0]
    assert sets.low[0].tolist() == [1, 2, 3]
