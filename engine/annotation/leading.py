"""The annotations of many units from scores in float32, equal to those in float64.

The product of two vectors of length d, rounded to float32 and summed in any order, differs from the true one by at
most γ·|m|·|t| with γ = (d + 2)u/(1 − (d + 2)u) and u = 2⁻²⁴ (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 3.1). Where scores are nearer to one another, or to the cut, than this allows, they are
computed in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Competing

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_UNIT = 2.0**-24
"""u, the relative error of rounding to float32"""
_MANY = 64
"""Concepts of a unit from which on all are computed in float64"""
_LEADING = 4096
"""Concepts up to which it is looked at whether doubt matters"""
_PAIRS_AT_ONCE = 256
_ZERO_Z = 1e-9
"""What Competing takes for rounding in z"""


@dataclass(frozen=True, slots=True, eq=False)
class Leaders:
    """The best direction of each of n units, and the annotated ones."""

    best: Integers
    """[n]"""
    tops: Floats
    """What they are ranked by, [n]"""
    units: Integers
    """The unit of each annotated direction, ascending"""
    directions: Integers
    """The annotated directions, each unit's by score, ties in the order of directions"""
    scores: Floats
    """What they are ranked by, in float64, or in float32 where that settles their order"""


def errors_of(competing: Competing, means: Floats, doubts: Floats) -> Floats:
    """How far what a direction is ranked by in float32 (Competing.narrow_scores) may be from the truth, [n], for means
    [n, d] and their doubts [n]."""
    lengths = np.sqrt(np.einsum("nd,nd->n", means, means))
    longest, rounding = competing.longest, 1.01 * (means.shape[1] + 4) * _UNIT
    errors: Floats = (rounding * lengths + doubts) * longest
    if competing.offsets is not None:
        most = float(np.abs(competing.offsets).max(initial=0.0))
        errors = errors + 6 * _UNIT * (lengths * longest + most) + _ZERO_Z
    return errors


def leaders(
    competing: Competing,
    ranked: NDArray[np.float32],
    means: Floats,
    doubts: Floats,
    beta: float,
    true_means: Callable[[Integers], Floats],
) -> Leaders:
    """Of n units with at least one image each, from what each direction is ranked by in float32, [n, k], k ≥ 1, over
    means [n, d] with their doubts [n] (LayerMeans).

    `true_means` gives the means [r, d] of some of them, by place, where the doubts are too large.
    """
    errors = errors_of(competing, means, doubts)
    best = ranked.max(axis=1).astype(np.float64)
    low = np.minimum(beta * np.maximum(best - errors, 0) - errors, best - 2 * errors)
    lowest = np.nextafter(low.astype(np.float32), np.float32(-np.inf))
    flat = np.flatnonzero(ranked >= lowest[:, None])
    units, directions = np.divmod(flat, ranked.shape[1])
    scores = ranked.reshape(-1)[flat].astype(np.float64)
    unsettled = _unsettled(units, scores, errors, best, beta)
    _compute(competing, means, units, directions, scores, unsettled)
    which = np.flatnonzero(unsettled & (doubts[units] > 0))
    doubtful = _doubtful(competing, doubts, units[which], directions[which], scores[which], beta)
    if len(doubtful):
        again = means.copy()
        again[doubtful] = true_means(doubtful)
        _compute(competing, again, units, directions, scores, unsettled & np.isin(units, doubtful))
    units, directions, scores = _in_order(units, directions, scores)
    first = np.flatnonzero(np.diff(units, prepend=-1))
    tops = scores[first]
    above = scores > np.where(tops > 0, beta * tops, np.inf)[units]
    return Leaders(directions[first], tops, units[above], directions[above], scores[above])


def best_directions(competing: Competing, means: Floats) -> Integers:
    """The best direction for each of n means [n, d], none of them of no image, [n]; the first of equal ones."""
    ranked = competing.narrow_scores(means.astype(np.float32) @ competing.distinct.narrow.T)
    best: Integers = ranked.argmax(axis=1)
    least = ranked[np.arange(len(best)), best] - 2 * errors_of(competing, means, np.zeros(len(means)))
    lowest = np.nextafter(least.astype(np.float32), np.float32(-np.inf))
    near = np.flatnonzero(np.count_nonzero(ranked >= lowest[:, None], axis=1) > 1)
    best[near] = competing.scores(means[near]).argmax(axis=1)
    return best


def _unsettled(units: Integers, scores: Floats, errors: Floats, best: Floats, beta: float) -> NDArray[np.bool_]:
    """Which scores in float32 are to be computed in float64: the best of each unit, those that are near to another or
    to the cut, and all of a unit that has many."""
    found = (np.bincount(units, minlength=len(errors)) > _MANY)[units]
    few = np.flatnonzero(~found)
    order = few[np.lexsort((-scores[few], units[few]))]
    of, values = units[order], scores[order]
    margins = errors[of]
    near = (of[1:] == of[:-1]) & (values[:-1] - values[1:] <= 2 * margins[1:])
    at_cut = np.abs(values - beta * best[of]) <= (1 + beta) * margins
    first = np.diff(of, prepend=-1) != 0
    found[order[first | at_cut]] = True
    found[order[1:][near]] = True
    found[order[:-1][near]] = True
    return found


def _in_order(units: Integers, directions: Integers, scores: Floats) -> tuple[Integers, Integers, Floats]:
    """By unit and by score. Ties stay in the order of directions, in which they come."""
    order = np.lexsort((-scores, units))
    return units[order], directions[order], scores[order]


def _compute(
    competing: Competing, means: Floats, units: Integers, directions: Integers, scores: Floats, which: NDArray[np.bool_]
) -> None:
    """Puts scores in float64 where they are wanted."""
    wanted = np.flatnonzero(which)
    many = np.bincount(units[wanted], minlength=len(means)) > _MANY
    single = wanted[~many[units[wanted]]]
    for start in range(0, len(single), _PAIRS_AT_ONCE):
        part = single[start : start + _PAIRS_AT_ONCE]
        scores[part] = competing.pair_scores(means[units[part]], directions[part])
    crowded = np.flatnonzero(many)
    size = max(1, (1 << 21) // len(competing.first))
    for start in range(0, len(crowded), size):
        some = crowded[start : start + size]
        found = competing.scores(means[some])
        part = wanted[np.isin(units[wanted], some)]
        scores[part] = found[np.searchsorted(some, units[part]), directions[part]]


def settled(competing: Competing, ranked: Floats, doubt: float, beta: float) -> bool:
    """Whether the annotation is that of the true mean, from what each direction is ranked by in float64, [k], over a
    mean that may be `doubt` from it (LayerMeans.doubts)."""
    best, margin = float(ranked.max(initial=-np.inf)), doubt * competing.longest
    leading = np.flatnonzero(ranked >= min(beta * max(best - margin, 0) - margin, best - 2 * margin))
    if len(leading) > _LEADING:
        return doubt == 0
    return not len(_doubtful(competing, np.array([doubt]), np.zeros_like(leading), leading, ranked[leading], beta))


def _doubtful(
    competing: Competing, doubts: Floats, units: Integers, directions: Integers, scores: Floats, beta: float
) -> Integers:
    """The units whose mean is too far from the true one to settle the order or the cut. Two scores differ by at most
    the doubt times the distance of their directions from what they truly differ by."""
    if not len(units):
        return units
    units, directions, scores = _in_order(units, directions, scores)
    first = np.flatnonzero(np.diff(units, prepend=-1))
    tops = np.repeat(scores[first], np.diff(first, append=len(units)))
    margins = doubts[units] * competing.longest
    near = np.flatnonzero((units[1:] == units[:-1]) & (scores[:-1] - scores[1:] <= 2 * margins[1:]))
    distances = np.linalg.norm(competing.some(directions[near]) - competing.some(directions[near + 1]), axis=1)
    near = near[scores[near] - scores[near + 1] <= distances * doubts[units[near]]]
    at_cut = (np.abs(scores - beta * tops) <= (1 + beta) * margins) & (beta < 1)
    at_cut[first] = False  # the best is above the cut wherever it is positive
    at_zero = np.abs(tops) <= margins
    return np.unique(np.concatenate([units[near], units[at_cut | at_zero]]))
