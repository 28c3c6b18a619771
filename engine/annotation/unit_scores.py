"""A layer's scores in float64, for the units that are asked for: those of all may be too many for memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Competing
from engine.annotation.layer_means import LayerMeans

_MOST = 1 << 22
"""Scores that are kept: those of 1,024 units with 4,096 concepts"""


class UnitScores:
    """What each of k distinct competing directions is ranked by (Competing.scores). Any thread may ask."""

    def __init__(self, competing: Competing, means: LayerMeans) -> None:
        self.competing = competing
        self.means = means
        self._all: NDArray[np.float64] | None = None

    def __getitem__(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Those of some units, [n, k]."""
        if len(self.means.means) * len(self.competing.first) > _MOST:
            return self.competing.scores(self.means.means[units])
        if self._all is None:
            self._all = self.competing.scores(self.means.means)
        return self._all[units]
