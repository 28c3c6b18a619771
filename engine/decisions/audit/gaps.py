"""How much better an output finds the films of a class that have a trait than those that have not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.auditing.areas import FEWEST, p_value, quantile
from engine.decisions.discrimination import Area, area

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Gap:
    """The AUROC of a class's films with a trait, and of those without it, each against all films without the class."""

    having: Area
    lacking: Area
    difference: float
    """AUROC with the trait less AUROC without it; NaN where either side has fewer than FEWEST films or patients"""
    low: float
    high: float
    """Its 95 % interval, with films of one patient drawn together"""
    p_value: float
    """Two-sided, against no difference"""


def gap(scores: Floats, labelled: Flags, member: Flags, clusters: NDArray[np.integer]) -> Gap:
    """Of n films [n] whose trait is known: their scores, whether they have the class, and the trait, and patients.

    Both areas share the negatives, so the variance of their difference comes from what each film adds to it, summed
    within patients, as in DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988) and Obuchowski (Biometrics 53, 1997).
    """
    sides = labelled & member, labelled & ~member
    found = [area(scores[use], labelled[use], clusters[use]) for side in sides for use in (side | ~labelled,)]
    patients = [len(np.unique(clusters[side])) if side.sum() >= FEWEST else 0 for side in sides]
    freedom = min(*patients, len(np.unique(clusters[~labelled]))) - 1
    if freedom < FEWEST - 1:
        return Gap(found[0], found[1], _NAN, _NAN, _NAN, _NAN)
    errors = np.zeros(len(scores))
    negatives = np.sort(scores[~labelled])
    for sign, side, each in ((1.0, sides[0], found[0]), (-1.0, sides[1], found[1])):
        errors[side] = sign * (_below(negatives, scores[side]) - each.value) / side.sum()
        above = 1 - _below(np.sort(scores[side]), scores[~labelled])
        errors[~labelled] += sign * (above - each.value) / len(negatives)
    _, numbers = np.unique(clusters, return_inverse=True)
    sums = np.bincount(numbers, errors)
    variance = float(sums @ sums) * (freedom + 1) / freedom
    difference, width = found[0].value - found[1].value, quantile(freedom) * math.sqrt(variance)
    ends = max(-1.0, difference - width), min(1.0, difference + width)
    return Gap(found[0], found[1], difference, *ends, p_value(difference, variance, freedom))


def _below(ascending: Floats, values: Floats) -> Floats:
    """The share of ascending numbers below each value, [n]; equal ones count half."""
    places = np.searchsorted(ascending, values, "left") + np.searchsorted(ascending, values, "right")
    shares: Floats = places / (2 * len(ascending))
    return shares
