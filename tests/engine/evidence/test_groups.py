"""Tightness by its definition; groups where they were put, and none in random image sets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.annotation.image_sets import ImageSets
from engine.evidence.groups import MOST, GroupTest, split, spread, tightness
from engine.evidence.population import Population
from tests.engine.evidence.test_significance import population_of


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _clustered(images: int = 1500, clusters: int = 12, dimension: int = 24) -> tuple[Population, np.ndarray]:
    """Embeddings around some centres, and which centre each is of."""
    rng = np.random.default_rng(6)
    which = rng.integers(clusters, size=images)
    rows = 1.2 * rng.normal(size=(clusters, dimension))[which] + rng.normal(size=(images, dimension))
    return population_of(rows, rows), which


def _sign_of_first(means: np.ndarray) -> np.ndarray:
    return (means[:, 0] > 0).astype(np.int64)


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
    first, explained = split(rows)
    assert first.tolist() == (of_one == of_one[0]).tolist()
    mean = rows.mean(axis=0)
    within = sum(((rows[side] - rows[side].mean(axis=0)) ** 2).sum() for side in (first, ~first))
    assert explained == pytest.approx(1 - within / ((rows - mean) ** 2).sum(), abs=1e-4)


def test_two_means_is_near_the_best_split_of_few() -> None:
    for seed in range(10):
        rows = _unit(np.random.default_rng(seed).normal(size=(9, 4)) + 0.5)
        total = ((rows - rows.mean(axis=0)) ** 2).sum()
        best = 0.0
        for sides in product((False, True), repeat=8):
            side = np.array([True, *sides])
            if not side.all():
                within = sum(((rows[part] - rows[part].mean(axis=0)) ** 2).sum() for part in (side, ~side))
                best = max(best, 1 - within / total)
        assert 0.75 * best < split(rows)[1] <= best + 1e-4


def test_equal_images_are_one_group() -> None:
    first, explained = split(np.tile(_unit(np.ones((1, 4))), (12, 1)))
    assert (first.all(), explained) == (True, 0.0)


@pytest.mark.parametrize("count", [8, 11, 30, 70, 128, 400])
def test_random_image_sets_seldom_fall_in_two(count: int) -> None:
    population, _ = _clustered()
    test = GroupTest(population)
    rng = np.random.default_rng(count)
    found = [test.two_means(rng.permutation(1500)[:count].astype(np.int32)) for _ in range(300)]
    assert np.mean([two is not None for two in found]) < 0.09


def test_images_of_two_kinds_fall_in_two_groups() -> None:
    population, which = _clustered()
    test = GroupTest(population)
    images = np.flatnonzero((which == 3) | (which == 5)).astype(np.int32)
    one = np.flatnonzero(which == 3).astype(np.int32)
    assert len(images) > MOST
    sets = ImageSets(np.concatenate([images, one, one[:4], one[:0]]), np.cumsum([0, len(images), len(one), 4, 0]))

    def best(means: np.ndarray) -> np.ndarray:
        centre = population.unit_rows(one).mean(axis=0)
        return (means @ centre > 0.5 * centre @ centre).astype(np.int64)

    assert test.fall_in_two(sets, best).tolist() == [True, False, False, False]
    groups = test.groups(images, best)
    assert sorted(group.best for group in groups) == [0, 1]
    assert sorted(np.concatenate([group.images for group in groups]).tolist()) == sorted(images.tolist())
    for group in groups:
        assert np.mean(which[group.images] == (3 if group.best else 5)) > 0.9
        assert group.tightness > 0.3
    assert images[0] in groups[0].images
    assert not test.fall_in_two(sets, lambda means: np.zeros(len(means), dtype=np.int64)).any()


def test_many_images_are_looked_at_evenly() -> None:
    images = np.arange(1000, dtype=np.int32)
    chosen = spread(images)
    assert (len(chosen), chosen[0], chosen[-1]) == (MOST, 0, 999)
    assert np.diff(chosen).max() <= 9
    assert spread(images[:100]).tolist() == images[:100].tolist()
