"""The mean embeddings that all of a layer's scores over one choice of images are computed from."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST = 1 << 21
"""Numbers that are kept, 8 bytes each: the means of 4,096 units with 512 each"""


@dataclass(frozen=True, slots=True, eq=False)
class LayerMeans:
    """What all of a layer's scores over one choice of images are computed from."""

    counts: NDArray[np.int64]
    """The number of representative images, [units]. It says which they are: a unit's most activating ones"""
    means: NDArray[np.float64]
    """The mean of their unit embeddings, [units, d]; 0 without representative images"""
    doubts: NDArray[np.float64]
    """How far each mean may be from the true one (length of the difference), [units]: stored sums may be rounded"""

    @classmethod
    def none(cls, units: int, dimension: int) -> LayerMeans:
        """Those of units without images."""
        return cls(np.zeros(units, np.int64), np.zeros((units, dimension)), np.zeros(units))

    def of(self, units: NDArray[np.int64]) -> LayerMeans:
        """Those of some units."""
        return LayerMeans(self.counts[units], self.means[units], self.doubts[units])


class KeptMeans:
    """The means of the layers used last, over the images chosen last for each. Any thread may ask."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._kept: dict[int, tuple[Hashable, LayerMeans]] = {}
        """By the layer's position, in the order of their use, with what the choice of images depends on"""

    def get(self, layer: int) -> tuple[Hashable, LayerMeans] | None:
        return self._kept.get(layer)

    def keep(self, layer: int, reach: Hashable, found: LayerMeans) -> None:
        """Makes room for a layer's means, and keeps them as those used last."""
        with self._changing:
            kept = {key: each for key, each in self._kept.items() if key != layer}
            size = found.means.size + sum(each.means.size for _, each in kept.values())
            while kept and size > _MOST:
                size -= kept.pop(next(iter(kept)))[1].means.size
            self._kept = kept | {layer: (reach, found)}
