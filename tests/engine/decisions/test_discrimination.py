"""AUROC, its interval, AUPRC and calibration, against their definitions."""

import numpy as np
import pytest

from engine.decisions.discrimination import area, auroc, average_precision
from engine.decisions.reliability import reliability


def data(seed: int, films: int = 300, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(films) < 0.2
    scores = rng.normal(size=films) + truth
    return (np.round(scores, 1) if ties else scores).astype(np.float32), truth


def by_pairs(scores: np.ndarray, truth: np.ndarray) -> float:
    above = scores[truth][:, None] - scores[~truth][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


@pytest.mark.parametrize("ties", [True, False])
def test_the_area_is_the_share_of_pairs_in_the_right_order(ties: bool) -> None:
    scores, truth = data(1, ties=ties)
    found = area(scores, truth, np.arange(len(scores)))
    assert found.value == pytest.approx(by_pairs(scores, truth), abs=1e-12)
    assert auroc(scores, truth) == pytest.approx(found.value, abs=1e-12)


def test_the_interval_of_single_films_is_delongs() -> None:
    scores, truth = data(2)
    pairs = scores[truth][:, None] - scores[~truth][None]
    wins = (pairs > 0) + 0.5 * (pairs == 0)
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / truth.sum() + wins.mean(axis=0).var(ddof=1) / (~truth).sum())
    value = wins.mean()
    logit = np.log(value / (1 - value)) + np.array([-1, 1]) * 1.959963984540054 * error / (value * (1 - value))
    found = area(scores, truth, np.arange(len(scores)))
    np.testing.assert_allclose([found.low, found.high], 1 / (1 + np.exp(-logit)), rtol=1e-10)
    assert not found.clustered


def test_the_interval_over_patients_covers_as_a_bootstrap_of_patients_does() -> None:
    scores, truth = data(3, 120, ties=False)
    repeated, films = np.repeat(scores, 4), np.repeat(truth, 4)  # four equal films of each patient
    patients = np.repeat(np.arange(120), 4)
    found, alone = area(repeated, films, patients), area(scores, truth, np.arange(120))
    assert found.clustered
    assert found.value == pytest.approx(alone.value, abs=1e-12)
    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=0.02)  # four films tell no more than one
    naive = area(repeated, films, np.arange(480))
    assert naive.high - naive.low < 0.6 * (found.high - found.low)


@pytest.mark.parametrize("truth", [np.zeros(5, bool), np.ones(5, bool)])
def test_without_both_kinds_there_is_no_area(truth: np.ndarray) -> None:
    found = area(np.arange(5.0), truth, np.arange(5))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert np.isnan(auroc(np.arange(5.0), truth))


def test_a_perfect_order_and_a_single_patient_have_no_interval() -> None:
    truth = np.arange(6) > 2
    assert area(np.arange(6.0), truth, np.arange(6)).value == 1
    assert np.isnan(area(np.arange(6.0), truth, np.arange(6)).low)
    assert np.isnan(area(np.array([3.0, 1, 2, 4, 0, 5]), truth, np.array([0, 1, 2, 3, 3, 3])).low)


def test_average_precision_by_hand() -> None:
    scores, truth = np.array([0.9, 0.8, 0.8, 0.1]), np.array([True, False, True, False])
    assert average_precision(scores, truth) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(np.zeros(4), truth) == 0.5
    assert np.isnan(average_precision(scores, np.zeros(4, bool)))


def test_reliability_by_hand() -> None:
    found = reliability(np.array([0.05, 0.05, 1.0, 0.95]), np.array([False, True, True, True]))
    assert found.counts.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found.error == pytest.approx(0.5 * 0.45 + 0.5 * 0.025)
    assert np.isnan(found.observed[5])
    assert np.isnan(reliability(np.empty(0), np.empty(0, bool)).error)
