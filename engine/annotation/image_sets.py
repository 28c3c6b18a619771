"""The representative images of many units at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ImageSets:
    """n sets of images, one after another; a set may be empty."""

    images: NDArray[np.int32]
    """The sets' images, activation descending in each set, [total]"""
    starts: NDArray[np.int64]
    """Set i is `images[starts[i] : starts[i + 1]]`, [n + 1]"""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, index: int) -> NDArray[np.int32]:
        return self.images[self.starts[index] : self.starts[index + 1]]

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of images in each set, [n]."""
        return np.diff(self.starts)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The set that each image belongs to, [total]."""
        return np.repeat(np.arange(len(self)), self.counts)


def ranges(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranges [start, start + size) one after another."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(sizes.sum())
