"""How well a class is found in the films with a trait, and in those without."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.auditing.areas import FEWEST
from engine.decisions.discrimination import NORMAL, Area, Flags, Floats, area

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of films with its 95 % interval; NaN with fewer than FEWEST films."""

    value: float
    low: float
    high: float
    films: int


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """A class in one group of films."""

    group: str
    """The trait, or what films without it have"""
    films: int
    labelled: int
    area: Area
    """AUROC; its interval is NaN where it cannot be told"""
    sensitivity: Rate
    specificity: Rate
    """At the run's threshold"""
    calibration: float
    """Mean probability less the share that is labelled so; NaN where outputs are no probabilities"""


def group_figures(
    group: str, scores: Floats, labelled: Flags, predicted: Flags, clusters: NDArray[np.integer]
) -> GroupFigures:
    """Of the n films of a group, [n] each."""
    whole = scores.size > 0 and float(scores.min()) >= 0 and float(scores.max()) <= 1
    return GroupFigures(
        *(group, len(scores), int(labelled.sum()), area(scores, labelled, clusters)),
        *(rate(predicted[labelled], clusters[labelled]), rate(~predicted[~labelled], clusters[~labelled])),
        float(scores.mean() - labelled.mean()) if whole and len(scores) >= FEWEST else _NAN,
    )


def rate(hits: Flags, clusters: NDArray[np.integer]) -> Rate:
    """The share of hits among films [n], by Wilson's interval (Journal of the American Statistical Association 22,
    1927) over as many films as count once patients with several films are allowed for (Rao, Scott, Biometrics 48,
    1992)."""
    films = len(hits)
    if films < FEWEST:
        return Rate(_NAN, _NAN, _NAN, films)
    share = float(hits.mean())
    _, numbers = np.unique(clusters, return_inverse=True)
    sums, drawn = np.bincount(numbers, hits - share), int(numbers.max()) + 1
    own = share * (1 - share) / films
    clustered = float(sums @ sums) / films**2 * drawn / max(drawn - 1, 1)
    count = films / max(1.0, clustered / own) if own > 0 else float(drawn)
    square = NORMAL**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    width = NORMAL * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    return Rate(share, max(0.0, middle - width), min(1.0, middle + width), films)
