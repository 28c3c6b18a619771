"""2-means of unit vectors, and how tight a set of them is.

Mean pairwise cosine of n unit vectors: (|Σv|² − n)/(n(n − 1)) = (n·|mean|² − 1)/(n − 1).

2-means (Lloyd 1982) starts from the halves along the vectors' first principal axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evidence.details import Floats

_ROUNDS = 10
_POWERS = 5


def tightness(means: NDArray[np.floating], counts: NDArray[np.int64]) -> Floats:
    """Mean pairwise cosine from the means of n unit vectors, [..., d] and n [...]; NaN below two images."""
    squares = np.einsum("...d,...d->...", means, means, dtype=np.float64)
    above = np.maximum(counts - 1.0, 0.0)
    cosines = np.divide(counts * squares - 1, above, out=np.full(np.shape(squares), np.nan), where=above > 0)
    clipped: Floats = np.clip(cosines, -1.0, 1.0)
    return clipped


def split(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of n unit vectors [n, d] are in the group of the first, [n]. Equal vectors are all in one group."""
    count = len(rows)
    total = rows.sum(axis=0)
    deviations = rows - total / count
    if float(np.vdot(deviations, deviations)) <= 1e-6 * count:
        return np.ones(count, dtype=np.bool_)
    axis = _principal_axis(deviations)
    side = rows @ axis > float(total @ axis) / count
    for _ in range(_ROUNDS):
        size = np.count_nonzero(side)
        if size in (0, count):
            return np.ones(count, dtype=np.bool_)
        one = side.astype(np.float32) @ rows
        one, other = one / size, (total - one) / (count - size)
        again = rows @ (one - other) > float(one @ one - other @ other) / 2
        if np.array_equal(again, side):
            break
        side = again
    first: NDArray[np.bool_] = side == side[0]
    return first


def _principal_axis(deviations: NDArray[np.float32]) -> NDArray[np.floating]:
    """Roughly the axis of the greatest scatter of [n, d], by power iteration from the farthest vector."""
    axis: NDArray[np.floating] = deviations[np.einsum("nd,nd->n", deviations, deviations).argmax()]
    for _ in range(_POWERS):
        axis = (deviations @ axis) @ deviations
        axis /= np.sqrt(axis @ axis)
    return axis
