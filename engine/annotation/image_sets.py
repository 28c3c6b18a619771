"""The representative images of many units at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows

_AT_ONCE = 128
"""Embeddings widened to float64 at once: they stay in the processor's cache"""


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


def sum_sets(embeddings: Rows, inverse_lengths: NDArray[np.float64], sets: ImageSets) -> NDArray[np.float64]:
    """The sum of the unit vectors of each of n sets, in float64, [n, d], from embeddings [p, d] and inverse
    lengths [p].

    The sum of a set depends on no other.
    """
    totals = np.zeros((len(sets), embeddings.shape[1]))
    starts = sets.starts.tolist()
    first = 0
    while first < len(sets):
        last = max(first + 1, int(np.searchsorted(sets.starts, starts[first] + _AT_ONCE, side="right")) - 1)
        for start in range(starts[first], starts[last], _AT_ONCE):
            images = sets.images[start : min(start + _AT_ONCE, starts[last])]
            rows, weights = embeddings[images].astype(np.float64), inverse_lengths[images]
            if last == first + 1:
                totals[first] += weights @ rows
                continue
            for row in range(first, last):
                some = slice(starts[row] - start, starts[row + 1] - start)
                np.dot(weights[some], rows[some], out=totals[row])
        first = last
    return totals
