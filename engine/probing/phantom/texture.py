"""Noise tiles that give phantom tissue its grain. They are made once, from a fixed seed; each film takes a piece."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[np.float32]
Kind = Literal["grain", "granular", "patchy", "smooth", "net"]
TILE = 512
_SIGMA: dict[Kind, float] = {"grain": 0.7, "granular": 2.2, "patchy": 8.0, "smooth": 28.0, "net": 2.4}


@lru_cache(maxsize=8)
def _tile(kind: Kind) -> Array:
    rng = np.random.default_rng([20, list(_SIGMA).index(kind)])
    tile = gaussian_filter(rng.standard_normal((TILE, TILE)), _SIGMA[kind], mode="wrap")
    tile /= tile.std()
    if kind == "net":
        tile = np.exp(-((tile / 0.28) ** 2))
    return np.asarray(tile, dtype=np.float32)


def texture(kind: Kind, rng: np.random.Generator, rows: slice, columns: slice) -> Array:
    """A random piece of the periodic tile, with zero mean and unit variance; "net" has thin bright lines in [0, 1]."""
    down, across = rng.integers(0, TILE, 2)
    row = (np.arange(rows.start, rows.stop) + down) % TILE
    column = (np.arange(columns.start, columns.stop) + across) % TILE
    return np.asarray(_tile(kind)[row[:, None], column[None, :]])
