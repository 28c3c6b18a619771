"""Annotations from float32 scores equal the pure functions in float64: near ties, true ties, no positive score, z."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation import scoring
from engine.annotation.competing import Competing
from engine.annotation.layer_annotations import Annotations, Annotator
from engine.annotation.layer_means import LayerMeans
from engine.annotation.standing import Moments

UNITS, CONCEPTS, IMAGES = 60, 90, 1000
BETAS = (0.0, 0.3, 0.9, 0.95, 1.0)


def _directions(rng: np.random.Generator, dimension: int) -> np.ndarray:
    """Directions of which some are equal, some mirrored, some as near to another as float32 can tell, and one zero."""
    found = rng.normal(size=(CONCEPTS, dimension))
    found[40:50] = found[:10]
    found[50:70] = found[10:30] + rng.normal(scale=1e-8, size=(20, dimension))
    found[70:80] = found[30:40][:, ::-1]
    found[85] = 0.0
    return found


def _means(rng: np.random.Generator, dimension: int) -> LayerMeans:
    """Means of which some are symmetric, so that mirrored directions tie; unit 0 has no image, unit 1 all of them."""
    means = scoring.unit_rows(rng.normal(size=(UNITS, dimension))) * rng.uniform(0.1, 1, (UNITS, 1))
    means[::5] += means[::5, ::-1]
    means[7] = -means[6]
    counts = rng.integers(1, IMAGES - 1, UNITS)
    counts[0], means[0], counts[1] = 0, 0.0, IMAGES
    return LayerMeans(counts, means, np.zeros(UNITS))


def _expected(competing: Competing, mean: np.ndarray, beta: float) -> tuple[int, list[int]]:
    scores = competing.pair_scores(np.tile(mean, (len(competing.first), 1)), np.arange(len(competing.first)))
    among = scores[competing.rows]
    return int(competing.concepts[scoring.rank(among)[0]]), competing.concepts[scoring.annotate(among, beta)].tolist()


def _check(found: Annotations, competing: Competing, means: np.ndarray, beta: float, *, z: bool) -> None:
    for unit, mean in enumerate(means):
        if found.counts[unit] == 0:
            assert (found.best[unit], found.scores[unit], found.words.of_unit(unit)) == (-1, 0.0, ())
        elif z and found.counts[unit] == IMAGES:
            assert (found.best[unit], found.words.of_unit(unit)) == (competing.first[0], ())
        else:
            assert (found.best[unit], list(found.words.of_unit(unit))) == _expected(competing, mean, beta)


def _case(seed: int, ranking: str, dimension: int = 32) -> tuple[Competing, LayerMeans]:
    rng = np.random.default_rng(seed)
    directions = _directions(rng, dimension)
    competing = Competing.of(directions, rng.permutation(CONCEPTS)[: CONCEPTS if seed % 2 else 60])
    if ranking == "z":
        deviations = np.linalg.norm(directions, axis=1) / 4
        competing = competing.ranked_by_z(Moments(IMAGES, directions @ np.full(dimension, 0.01), deviations))
    return competing, _means(rng, dimension)


def _never(units: np.ndarray) -> np.ndarray:
    raise AssertionError


@pytest.mark.parametrize("ranking", ["score", "z"])
@pytest.mark.parametrize("seed", range(4))
def test_equal_to_the_pure_functions(seed: int, ranking: str) -> None:
    competing, means = _case(seed, ranking)
    for beta in BETAS:
        found = Annotator(IMAGES).annotate(competing, means, np.arange(UNITS), beta, _never)
        _check(found, competing, means.means, beta, z=ranking == "z")
        some = np.flatnonzero(found.best >= 0)
        of_best = competing.distinct[competing.rows[[competing.concepts.tolist().index(c) for c in found.best[some]]]]
        np.testing.assert_allclose(found.scores[some], (means.means[some] * of_best).sum(axis=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("ranking", ["score", "z"])
def test_means_that_may_be_wrong_are_computed_again_where_that_matters(ranking: str) -> None:
    competing, true = _case(1, ranking)
    noise = np.random.default_rng(9).normal(size=true.means.shape)
    doubts = np.full(UNITS, 1e-3)
    doubts[0] = 0
    noise *= doubts[:, None] / np.linalg.norm(noise, axis=1, keepdims=True)
    rough = LayerMeans(true.counts, true.means + noise, doubts)
    asked: list[int] = []

    def again(units: np.ndarray) -> np.ndarray:
        asked.extend(units.tolist())
        return true.means[units]

    for beta in BETAS:
        found = Annotator(IMAGES).annotate(competing, rough, np.arange(UNITS), beta, again)
        _check(found, competing, true.means, beta, z=ranking == "z")
    assert 0 < len(asked) < UNITS * len(BETAS)


def test_a_step_computes_units_again_whose_images_changed_and_no_others() -> None:
    competing, first = _case(3, "score")
    rng, annotator = np.random.default_rng(4), Annotator(IMAGES)
    now = first
    for step, beta in enumerate((0.9, 0.9, 0.9, 0.5, 0.5, 0.9)):
        if step:
            changed = rng.choice(np.arange(2, UNITS), 10, replace=False)
            means, counts = now.means.copy(), now.counts.copy()
            means[changed], counts[changed] = rng.normal(size=(10, means.shape[1])), counts[changed] + 1
            if step == 2:
                means[5], counts[5] = 0.0, 0
            now = LayerMeans(counts, means, now.doubts)
        found = annotator.layer((0, None, "score"), competing, now, beta, _never)
        _check(found, competing, now.means, beta, z=False)
    stale = LayerMeans(now.counts, np.zeros_like(now.means), now.doubts)  # equal counts: nothing is looked at
    _check(annotator.layer((0, None, "score"), competing, stale, 0.9, _never), competing, now.means, 0.9, z=False)


def test_more_concepts_than_are_scored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    competing, means = _case(1, "score")
    for name in ("_MOST_PRODUCTS", "_AT_ONCE", "_FEWEST", "_MOST_WORDS"):
        monkeypatch.setattr(f"engine.annotation.layer_annotations.{name}", 7)
    annotator: Annotator = Annotator(IMAGES)
    for beta in (0.9, 0.2):
        found = annotator.layer((0, None, "score"), competing, means, beta, _never)
        _check(found, competing, means.means, beta, z=False)


def test_without_concepts_there_is_no_annotation() -> None:
    means = _case(0, "score")[1]
    competing = Competing.of(np.empty((0, 32)), np.empty(0, np.int64))
    found = Annotator(IMAGES).annotate(competing, means, np.arange(UNITS), 0.9, _never)
    assert (found.best == -1).all()
    assert not len(found.words.concepts)
