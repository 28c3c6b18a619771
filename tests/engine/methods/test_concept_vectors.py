"""Concept activation vectors, TCAV's test and Holm's correction against closed forms and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from engine.methods.concept_vectors import (
    Examples,
    concept_examples,
    holm,
    random_examples,
    tcav_scores,
    two_sided,
    vectors,
)


def test_a_vector_is_that_of_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    activations = rng.standard_normal((30, 5)).astype(np.float32)
    examples = Examples(np.arange(10)[None], np.arange(10, 20)[None])
    (vector,) = vectors(activations, examples, ridge=0.1)
    used = activations[:20].astype(np.float64)
    used -= used.mean(axis=0)
    shrinkage = 0.1 * (used**2).sum() / 20
    expected = np.linalg.solve(used.T @ used + shrinkage * np.eye(5), used.T @ np.repeat([1.0, -1.0], 10))
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-9)


def test_a_vector_points_from_the_others_to_the_concept() -> None:
    rng = np.random.default_rng(1)
    members = np.arange(60) < 25
    activations = rng.normal(0, 0.1, (60, 40)).astype(np.float32)
    activations[members, 7] += 1
    examples = concept_examples(members, most=20, runs=6, seed=(0,))
    found = vectors(activations, examples, ridge=1.0)
    assert found.shape == (6, 40)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert (found.argmax(axis=1) == 7).all()
    assert (found[:, 7] > 0.8).all()


def test_activations_that_do_not_differ_have_no_vector() -> None:
    examples = random_examples(20, 5, runs=3, seed=(0,))
    assert not vectors(np.ones((20, 4), np.float32), examples, 0.01).any()


def test_examples_come_from_both_sides_and_are_reproducible() -> None:
    members = np.arange(50) % 5 == 0
    examples = concept_examples(members, most=30, runs=4, seed=(3, 9))
    assert examples.positive.shape == examples.negative.shape == (4, 10)
    assert members[examples.positive].all()
    assert not members[examples.negative].any()
    assert all(len(set(row)) == 10 for row in [*examples.positive, *examples.negative])
    again = concept_examples(members, most=30, runs=4, seed=(3, 9))
    np.testing.assert_array_equal(examples.negative, again.negative)
    other = concept_examples(members, most=30, runs=4, seed=(4, 9))
    assert (examples.negative != other.negative).any()
    drawn = random_examples(50, 25, runs=2, seed=(0,))
    assert all(
        len({*positive, *negative}) == 50 for positive, negative in zip(drawn.positive, drawn.negative, strict=True)
    )


def test_scores_are_shares_of_images() -> None:
    gradients = np.array([[1, 0], [1, 1], [-1, 2], [0, 0]], np.float32)
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    np.testing.assert_allclose(tcav_scores(gradients, directions), [0.5, 0.5, 0.25])


@pytest.mark.parametrize("seed", range(4))
def test_the_t_test_equals_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, others = rng.normal(0.3 * seed, 1, 7), rng.normal(0, 2, 11)
    assert two_sided(scores, others) == pytest.approx(stats.ttest_ind(scores, others).pvalue, rel=1e-9)


def test_the_p_value_of_scores_that_do_not_vary() -> None:
    assert two_sided(np.ones(5), np.ones(5)) == 1
    assert two_sided(np.ones(5), np.zeros(5)) == 0


def test_holm_follows_its_definition() -> None:
    p_values = [0.01, 0.04, 0.03, 0.005, 0.9]
    # sorted: 5 · 0.005, 4 · 0.01, 3 · 0.03, 2 · 0.04 raised to the one before, 0.9
    np.testing.assert_allclose(holm(p_values), [0.04, 0.09, 0.09, 0.025, 0.9])
    assert len(holm([])) == 0
