"""Wilcoxon's signed-rank test beside SciPy's, with ties, zeros and few pairs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wilcoxon

from engine.counterfactual.signed_rank import EXACT, p_values


@pytest.mark.parametrize(("count", "method"), [(8, "exact"), (EXACT, "exact"), (120, "asymptotic")])
def test_without_ties_it_is_that_of_scipy(count: int, method: str) -> None:
    differences = np.random.default_rng(count).normal(0.2, 1, (count, 5))
    known = [wilcoxon(column, method=method, correction=False).pvalue for column in differences.T]
    np.testing.assert_allclose(p_values(differences), known, rtol=1e-9)


def test_with_ties_and_zeros_and_many_pairs_it_is_that_of_scipy() -> None:
    differences = np.random.default_rng(3).integers(-3, 5, (200, 4)).astype(np.float64)
    known = [wilcoxon(column, method="asymptotic", correction=False).pvalue for column in differences.T]
    np.testing.assert_allclose(p_values(differences), known, rtol=1e-9)


def test_few_pairs_with_ties_are_counted_out() -> None:
    # |d| = 1, 1, 2, 0: ranks 1.5, 1.5 and 3, and W+ = 6 in one of the 8 sign patterns.
    assert p_values(np.array([[1.0], [1.0], [2.0], [0.0]]))[0] == pytest.approx(2 / 8)
    assert p_values(np.array([[1.0], [-1.0], [2.0], [0.0]]))[0] == pytest.approx(2 * 3 / 8)


def test_no_difference_is_no_evidence() -> None:
    np.testing.assert_array_equal(p_values(np.zeros((9, 2))), [1.0, 1.0])
    assert p_values(np.array([[2.0], [0.0]]))[0] == 1.0


def test_a_null_is_rejected_as_often_as_it_says() -> None:
    for count in (12, 80):
        noise = np.random.default_rng(5).normal(size=(count, 4000))
        assert 0.035 < np.mean(p_values(noise) < 0.05) < 0.06
