"""Tightness by its definition; the two groups where they were put."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.evidence.two_means import split, tightness


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _explained(rows: np.ndarray, side: np.ndarray) -> float:
    """The share of the scatter that two groups explain."""
    within = sum(((rows[part] - rows[part].mean(axis=0)) ** 2).sum() for part in (side, ~side))
    return float(1 - within / ((rows - rows.mean(axis=0)) ** 2).sum())


@pytest.mark.parametrize("count", [2, 3, 40])
def test_tightness_is_the_mean_cosine_of_all_pairs(count: int) -> None:
    rows = _unit(np.random.default_rng(count).normal(size=(count, 5)))
    pairs = (rows @ rows.T)[np.triu_indices(count, 1)]
    assert tightness(rows.mean(axis=0, dtype=np.float64), np.array(count)) == pytest.approx(pairs.mean(), abs=1e-6)


def test_one_image_has_no_tightness() -> None:
    assert np.isnan(tightness(np.eye(2), np.array([0, 1]))).all()
    assert tightness(np.eye(2), np.array([2, 3])) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("seed", range(5))
def test_two_means_finds_the_groups_that_were_put(seed: int) -> None:
    rng = np.random.default_rng(seed)
    of_one = rng.random(30) < 0.4
    rows = _unit(np.where(of_one[:, None], [3, 0, 1], [0, 3, 1]) + rng.normal(scale=0.5, size=(30, 3)))
    assert split(rows).tolist() == (of_one == of_one[0]).tolist()


def test_two_means_is_near_the_best_split_of_few() -> None:
    for seed in range(10):
        rows = _unit(np.random.default_rng(seed).normal(size=(9, 4)) + 0.5)
        sides = (np.array([True, *others]) for others in product((False, True), repeat=8) if not all(others))
        best = max(_explained(rows, side) for side in sides)
        assert 0.75 * best < _explained(rows, split(rows)) <= best + 1e-4


def test_equal_images_are_one_group() -> None:
    assert split(np.tile(_unit(np.ones((1, 4))), (12, 1))).all()
