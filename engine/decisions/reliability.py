"""Whether probabilities are what they say: of films with a probability near p, a share of p should have the label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decisions.discrimination import Flags

BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Films in BINS bins of equal width, from 0 to 1."""

    counts: NDArray[np.int64]
    """Films in each bin, [BINS]"""
    predicted: NDArray[np.float64]
    """Their mean probability; NaN for an empty bin"""
    observed: NDArray[np.float64]
    """The share of them that have the label; NaN for an empty bin"""
    error: float
    """The expected calibration error: the mean of |predicted − observed| over films (Naeini, Cooper and Hauskrecht,
    AAAI 2015); NaN without films"""


def reliability(probabilities: NDArray[np.floating], truth: Flags) -> Reliability:
    """Of probabilities [n] in [0, 1] without NaN, and whether each film has the label, [n]."""
    places = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    filled = np.where(counts > 0, counts, np.nan)
    predicted = np.bincount(places, probabilities, BINS) / filled
    observed = np.bincount(places, truth.astype(np.float64), BINS) / filled
    total = int(counts.sum())
    error = float(np.nansum(np.abs(predicted - observed) * counts) / total) if total else float("nan")
    return Reliability(counts, predicted, observed, error)
