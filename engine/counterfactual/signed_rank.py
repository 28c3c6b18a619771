"""Wilcoxon's signed-rank test of paired differences, for many columns at once."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EXACT = 50
"""Differences other than 0 up to which the distribution is exact; beyond, it is normal"""


def p_values(differences: Floats) -> Floats:
    """Two-sided p-values of the columns of differences [n, k]: that they are not symmetric around 0, [k].

    Differences of 0 are left out, and equal ones share their ranks (Wilcoxon, Biometrics Bulletin 1, 1945; with ties
    the variance is Σ rank²/4, Pratt and Gibbons, Concepts of Nonparametric Theory, 1981, section 3.7). A column without
    a difference has a p of 1.
    """
    ranks = _ranks(np.abs(differences))
    above = np.where(differences > 0, ranks, 0.0).sum(axis=0)
    total, variance = ranks.sum(axis=0), (ranks**2).sum(axis=0) / 4
    z = np.divide(above - total / 2, np.sqrt(variance), out=np.zeros_like(above), where=variance > 0)
    found = np.array([math.erfc(abs(value) / math.sqrt(2)) for value in z.tolist()])
    counts = (ranks > 0).sum(axis=0)
    for column in np.flatnonzero((counts > 0) & (counts <= EXACT)).tolist():
        own = np.sort(ranks[ranks[:, column] > 0, column])
        found[column] = _exact(tuple((2 * own).astype(int).tolist()), round(2 * float(above[column])))
    return found


def _ranks(sizes: Floats) -> Floats:
    """Ranks of sizes [n, k] within their column, from 1 and shared by equal ones; 0 for a size of 0."""
    rows = np.arange(len(sizes))[:, None]
    order = np.argsort(sizes, axis=0, kind="stable")
    ordered = np.take_along_axis(sizes, order, axis=0)
    starts = np.ones(sizes.shape, dtype=np.bool_)
    starts[1:] = ordered[1:] != ordered[:-1]
    ends = np.ones(sizes.shape, dtype=np.bool_)
    ends[:-1] = starts[1:]
    first = np.maximum.accumulate(np.where(starts, rows, 0), axis=0)
    last = np.minimum.accumulate(np.where(ends, rows, len(sizes))[::-1], axis=0)[::-1]
    zeros = (sizes == 0).sum(axis=0)
    ranks = np.empty(sizes.shape)
    np.put_along_axis(ranks, order, np.where(ordered > 0, (first + last) / 2 + 1 - zeros, 0.0), axis=0)
    return ranks


def _exact(doubled: tuple[int, ...], above: int) -> float:
    """The two-sided p of a sum of doubled ranks, each of which counts or not with a chance of a half."""
    chances = _distribution(doubled)
    return float(min(1.0, 2 * min(chances[: above + 1].sum(), chances[above:].sum())))


@lru_cache(maxsize=256)
def _distribution(doubled: tuple[int, ...]) -> Floats:
    """The chance of each sum, from 0."""
    chances = np.zeros(sum(doubled) + 1)
    chances[0] = 1.0
    for rank in doubled:
        moved = np.zeros_like(chances)
        moved[rank:] = chances[:-rank]
        chances = (chances + moved) / 2
    return chances
