"""Closed forms against all image sets there are; Benjamini–Hochberg by its definition."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from engine.annotation import standing
from engine.annotation.scoring import concept_directions, unit_rows
from engine.chosen_images import Vectors
from engine.evidence import significance
from engine.evidence.population import Population
from engine.store.ladder import inverse_lengths

NAN = float("nan")


def population_of(embeddings: np.ndarray, directions: np.ndarray) -> Population:
    narrow = embeddings.astype(np.float32)
    return Population.of(Vectors(narrow, inverse_lengths(narrow), directions, np.zeros(narrow.shape[1])))


def moments_of(population: Population, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = standing.moments(population.mean, population.covariance, directions, len(population))
    return found.means, found.deviations


def small(images: int, concepts: int = 7, dimension: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings with a long tail to one side, and directions."""
    rng = np.random.default_rng(seed)
    embeddings = rng.exponential(size=(images, dimension)) * rng.normal(size=dimension) + rng.normal(size=dimension)
    texts = rng.normal(size=(concepts, dimension))
    return embeddings.astype(np.float32), concept_directions(texts, rng.normal(size=dimension))


def all_scores(embeddings: np.ndarray, directions: np.ndarray, count: int) -> np.ndarray:
    """The concept scores of every set of `count` images, [sets, k]."""
    scores = unit_rows(embeddings) @ directions.T
    return np.array([scores[list(chosen)].mean(axis=0) for chosen in combinations(range(len(scores)), count)])


@pytest.mark.parametrize("count", [1, 2, 4, 8, 9])
def test_mean_and_variance_are_those_of_all_image_sets(count: int) -> None:
    embeddings, directions = small(10)
    means, deviations = moments_of(population_of(embeddings, directions), directions)
    scores = all_scores(embeddings, directions, count)
    np.testing.assert_allclose(means, scores.mean(axis=0), rtol=0, atol=1e-6)
    errors = standing.standard_errors(deviations, count, 10)
    np.testing.assert_allclose(errors, scores.std(axis=0), rtol=1e-5)


@pytest.mark.parametrize("count", [2, 3, 6, 11, 13])
def test_p_of_a_concept_alone_is_the_share_of_all_image_sets_that_reach_it(count: int) -> None:
    embeddings, directions = small(14, seed=3)
    population = population_of(embeddings, directions)
    means, deviations = moments_of(population, directions)
    skewnesses = significance.skewnesses(population, directions.astype(np.float32), deviations)
    scores = all_scores(embeddings, directions, count)
    for quantile in (0.5, 0.8, 0.95):
        reached = np.quantile(scores, quantile, axis=0, method="closest_observation")
        z = standing.z_scores(reached - means, standing.standard_errors(deviations, count, 14))
        p = significance.p_values(z, skewnesses, count, 14)
        exact = np.mean(scores >= reached - 1e-9, axis=0)
        assert np.abs(p - exact).max() < 0.08 + 1 / comb(14, count)
        assert np.abs(p - exact).mean() < 0.03 + 1 / comb(14, count)


def test_p_of_many_images_is_normal() -> None:
    p = significance.p_values(np.array([0.0, 1.959964, 3.0, -1.0]), np.full(4, 0.8), 50_000, 200_000)
    assert p == pytest.approx([0.5, 0.025, 0.0013499, 0.8413447], rel=0.01)


def test_equal_images_are_not_significant() -> None:
    embeddings = np.tile(np.float32([0.3, 0.4, 0.5]), (20, 1))
    directions = concept_directions(np.eye(3), np.ones(3))
    means, deviations = moments_of(population_of(embeddings, directions), directions)
    assert deviations.tolist() == [0.0, 0.0, 0.0]
    errors = standing.standard_errors(deviations, 4, 20)
    assert standing.z_scores(np.full(3, 1e-9), errors).tolist() == [0.0, 0.0, 0.0]
    assert means == pytest.approx(unit_rows(embeddings[0]) @ directions.T, abs=1e-6)


def _by_definition(p: list[float]) -> list[float]:
    """The least level at which the step-up procedure rejects each test."""
    tests = [value for value in p if value == value]
    ranked = sorted(tests)
    levels = [min(1.0, *(v * len(tests) / (r + 1) for r, v in enumerate(ranked) if v >= own)) for own in tests]
    found = iter(levels)
    return [next(found) if value == value else NAN for value in p]


@pytest.mark.parametrize("p", [[0.5], [NAN, NAN], [0.01, 0.01, 0.04, 0.9], [0.2, NAN, 0.001, 0.03, 0.03, 1.0, 0.5]])
def test_q_is_the_level_at_which_benjamini_and_hochberg_reject(p: list[float]) -> None:
    assert significance.q_values(np.array(p)) == pytest.approx(_by_definition(p), nan_ok=True)


def test_rows_are_corrected_each_by_itself() -> None:
    p = np.random.default_rng(2).random((3, 4, 6))
    p[0, 1, 2:] = NAN
    rows = [[_by_definition(row) for row in part] for part in p.tolist()]
    np.testing.assert_allclose(significance.q_values(p), rows)


@pytest.mark.parametrize("index", [0, 3])
def test_q_of_other_concepts_is_as_if_they_were_the_best(index: int) -> None:
    p = np.array([0.02, NAN, 0.4, 0.011, 0.011, 0.9])
    others = np.array([0.0, 0.011, 0.02, 0.3, 0.4, 1.0])
    expected = [_by_definition([*p[:index], other, *p[index + 1 :]])[index] for other in others.tolist()]
    assert significance.q_values_instead(p, index, others) == pytest.approx(expected)
