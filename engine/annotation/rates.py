"""False discovery rates of several tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def q_values(p: Floats) -> Floats:
    """False discovery rates of the n tests in each row: q_i = min over p_j ≥ p_i of p_j·n/rank_j.

    Benjamini, Hochberg 1995. [..., n] to [..., n]. A NaN is no test and has a q of NaN.
    """
    order = np.argsort(p, axis=-1, kind="stable")
    ascending = np.take_along_axis(p, order, axis=-1)
    tests = np.count_nonzero(~np.isnan(p), axis=-1, keepdims=True)
    rates = ascending * tests / np.arange(1, p.shape[-1] + 1)
    least = np.fmin.accumulate(rates[..., ::-1], axis=-1)[..., ::-1]
    q = np.empty_like(p)
    np.put_along_axis(q, order, np.where(np.isnan(ascending), np.nan, np.minimum(least, 1.0)), axis=-1)
    return q
