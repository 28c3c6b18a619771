"""How well scores tell films with a label from films without: AUROC with its interval, and AUPRC."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NORMAL = 1.959963984540054
"""The 97.5 % point of the standard normal distribution"""
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Area:
    """An area under the ROC curve, with its 95 % interval."""

    value: float
    """NaN where all films are labelled, or none"""
    low: float
    high: float
    """Both NaN where they cannot be told: with fewer than two clusters on a side, or at an area of 0 or 1"""
    positives: int
    negatives: int
    clusters: int
    """Patients and films without one; `positives + negatives` where no patient has two films"""

    @property
    def clustered(self) -> bool:
        """Whether some patient has several films, so that the interval is over patients."""
        return self.clusters < self.positives + self.negatives


def mid_ranks(values: NDArray[np.floating]) -> Floats:
    """Ranks from 1, [n]; equal values get the mean of their ranks."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def auroc(scores: NDArray[np.floating], truth: Flags) -> float:
    """The chance that a score of a film in `truth` is above one of the others, [n] each; NaN without either."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return _NAN
    return float((mid_ranks(scores)[truth].mean() - (positives + 1) / 2) / negatives)


def area(scores: NDArray[np.floating], truth: Flags, clusters: NDArray[np.integer]) -> Area:
    """The AUROC of scores [n] without NaN, and its interval with films of one cluster drawn together.

    `clusters` numbers each film's patient, [n]. The variance is that of DeLong, DeLong and Clarke-Pearson (Biometrics
    44, 1988), with the placements summed within clusters (Obuchowski, Biometrics 53, 1997); where each cluster has one
    film both are the same. The interval is symmetric in logit(AUROC), so it stays
    within [0, 1] (Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2).
    """
    positives, negatives, drawn = int(truth.sum()), int((~truth).sum()), len(np.unique(clusters))
    if not positives or not negatives:
        return Area(_NAN, _NAN, _NAN, positives, negatives, drawn)
    above, below = _placements(scores, truth)
    value = float(above.mean())
    variance = _variance(above, below, clusters[truth], clusters[~truth], value)
    if not (0 < value < 1) or not variance > 0:
        return Area(value, _NAN, _NAN, positives, negatives, drawn)
    middle, width = math.log(value / (1 - value)), NORMAL * math.sqrt(variance) / (value * (1 - value))
    return Area(value, _logistic(middle - width), _logistic(middle + width), positives, negatives, drawn)


def _placements(scores: NDArray[np.floating], truth: Flags) -> tuple[Floats, Floats]:
    """For each positive film the share of negatives below it, [n₁]; for each negative the share of positives above it,
    [n₀]. Ties count half."""
    order = np.argsort(scores)
    ordered, labelled = scores[order], truth[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    groups = np.diff(np.append(starts, len(ordered)))
    positives = np.add.reduceat(labelled.astype(np.int64), starts)
    negatives = groups - positives
    below = np.repeat((np.cumsum(negatives) - negatives / 2) / negatives.sum(), groups)
    above = np.repeat(1 - (np.cumsum(positives) - positives / 2) / positives.sum(), groups)
    shares = np.empty(len(ordered))
    shares[order] = np.where(labelled, below, above)
    return shares[truth], shares[~truth]


def _variance(
    above: Floats, below: Floats, of_positives: NDArray[np.integer], of_negatives: NDArray[np.integer], value: float
) -> float:
    """Obuchowski's variance of the area; NaN with fewer than two clusters of either kind."""
    count = int(max(of_positives.max(), of_negatives.max())) + 1
    first, second = np.bincount(of_positives, minlength=count), np.bincount(of_negatives, minlength=count)
    has_first, has_second = int((first > 0).sum()), int((second > 0).sum())
    if has_first < 2 or has_second < 2:
        return _NAN
    one = np.bincount(of_positives, above - value, count) / len(above)
    other = np.bincount(of_negatives, below - value, count) / len(below)
    clusters = int(((first > 0) | (second > 0)).sum())
    return float(
        has_first / (has_first - 1) * (one**2).sum()
        + has_second / (has_second - 1) * (other**2).sum()
        + 2 * clusters / (clusters - 1) * (one * other).sum()
    )


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def average_precision(scores: NDArray[np.floating], truth: Flags) -> float:
    """The area under the precision–recall curve by steps (Σ (Rₙ − Rₙ₋₁)·Pₙ over distinct scores), [n] each; NaN
    where no film is in `truth`. A score without information has the prevalence."""
    if not truth.any():
        return _NAN
    order = np.argsort(-scores)
    ordered, hits = scores[order], np.cumsum(truth[order])
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    gained = np.diff(hits[ends], prepend=0)
    return float((gained * hits[ends] / (ends + 1)).sum() / hits[-1])
