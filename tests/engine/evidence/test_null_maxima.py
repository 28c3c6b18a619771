"""The best of all concepts in random image sets, against all sets there are and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation import standing
from engine.evidence.null_maxima import NullMaxima
from engine.evidence.population import Population
from tests.engine.evidence.test_significance import all_scores, moments_of, population_of, small


def _null(embeddings: np.ndarray, directions: np.ndarray) -> tuple[Population, NullMaxima, np.ndarray, np.ndarray]:
    population = population_of(embeddings, directions)
    means, deviations = moments_of(population, directions)
    return population, NullMaxima(population, directions.astype(np.float32), deviations), means, deviations


@pytest.mark.parametrize("count", [2, 3, 5, 7, 10, 12, 13])
def test_few_images_are_exact(count: int) -> None:
    embeddings, directions = small(14, seed=8)
    _, null, means, deviations = _null(embeddings, directions)
    errors = standing.standard_errors(deviations, count, 14)
    maxima = ((all_scores(embeddings, directions, count) - means) / errors).max(axis=1)
    z = np.quantile(maxima, [0.1, 0.5, 0.8, 0.95, 1.0], method="closest_observation")
    exact = np.array([np.mean(maxima >= value - 1e-6) for value in z])
    assert np.abs(null.p_values(z, count) - exact).max() < 0.03


@pytest.mark.parametrize("count", [21, 60, 115, 250, 480, 585])
def test_between_the_sizes_that_are_drawn_p_is_that_of_a_simulation(count: int) -> None:
    embeddings, directions = small(600, concepts=40, dimension=12, seed=4)
    population, null, means, deviations = _null(embeddings, directions)
    rng = np.random.default_rng(1)
    scores = population.unit_rows(np.arange(600)) @ directions.T
    drawn = np.array([scores[rng.permutation(600)[:count]].mean(axis=0) for _ in range(4000)])
    maxima = ((drawn - means) / standing.standard_errors(deviations, count, 600)).max(axis=1)
    shares = np.array([0.5, 0.2, 0.05, 0.01])
    p = null.p_values(np.quantile(maxima, 1 - shares), count)
    assert np.abs(p - shares).max() < 0.035
    assert p[2] == pytest.approx(0.05, abs=0.015)


def test_p_falls_with_z_and_never_below_the_chance_of_the_very_same_set() -> None:
    _, null, _, _ = _null(*small(40))
    p = null.p_values(np.linspace(-3, 40, 200), 3)
    assert (np.diff(p) <= 0).all()
    assert p[0] == 1.0
    assert p[-1] == pytest.approx(1 / 9880)


def test_one_image_is_never_significant() -> None:
    _, null, _, _ = _null(*small(40))
    assert null.p_values(np.array([-1.0, 5.0, 1e3]), 1).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("images", [1, 2, 3, 4])
def test_the_smallest_probing_sets(images: int) -> None:
    _, null, _, _ = _null(*small(images))
    for count in range(1, images + 1):
        p = null.p_values(np.array([0.0, 2.0]), count)
        assert ((p > 0) & (p <= 1)).all()


def test_where_all_images_are_alike_p_is_one() -> None:
    _, directions = small(2, dimension=3)
    _, null, _, _ = _null(np.tile(np.float32([0.3, 0.4, 0.5]), (300, 1)), directions)
    assert [null.p_values(np.zeros(1), count)[0] for count in (2, 20, 140, 299)] == [1.0] * 4


def test_draws_are_the_same_every_time() -> None:
    z = np.linspace(0, 5, 20)
    one, other = (_null(*small(300))[1] for _ in range(2))
    other.p_values(z, 70)
    for count in (2, 30, 149, 290):
        assert one.p_values(z, count).tolist() == other.p_values(z, count).tolist()
