"""The films that two runs share: those whose files are equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True, eq=False)
class SharedFilms:
    """Usable images of two runs with the same sha256, by their index in each run."""

    first: NDArray[np.int64]
    """In the first run, ascending, [s]"""
    second: NDArray[np.int64]
    """The same images in the second run, [s]"""
    counts: tuple[int, int]
    """The usable images of each run"""

    def __len__(self) -> int:
        return len(self.first)

    @property
    def alone(self) -> tuple[int, int]:
        """How many images only the first run has, and only the second."""
        return self.counts[0] - len(self), self.counts[1] - len(self)

    @property
    def all_shared(self) -> bool:
        """Whether both runs have the same images."""
        return self.alone == (0, 0)

    def of(self, run: int) -> NDArray[np.int64]:
        """The shared images by their index in one run (0 or 1), [s]."""
        return self.second if run else self.first

    def across(self, run: int) -> NDArray[np.int64]:
        """For each image of one run its index in the other, [p]; −1 where the other lacks it."""
        found = np.full(self.counts[run], -1, dtype=np.int64)
        found[self.of(run)] = self.of(1 - run)
        return found


def shared_films(first: RunReader, second: RunReader) -> SharedFilms:
    """Pairs the images of two runs. Of several equal images in a run, the first goes with the other run's first."""
    counts = first.image_count, second.image_count
    digests = first.digests(), (first if second is first else second).digests()
    if np.array_equal(*digests):
        everything = np.arange(counts[0])
        return SharedFilms(everything, everything, counts)
    _, groups = np.unique(np.concatenate(digests), axis=0, return_inverse=True)
    keys = _numbered(groups.reshape(-1)[: counts[0]]), _numbered(groups.reshape(-1)[counts[0] :])
    _, ours, theirs = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    order = np.argsort(ours)
    return SharedFilms(ours[order], theirs[order], counts)


def _numbered(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """A key of each image from its group of equal ones and the number of those before it in the run, [p]."""
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    starts = np.searchsorted(ranked, ranked)
    keys = np.empty_like(groups)
    keys[order] = (ranked << 32) + np.arange(len(groups)) - starts
    return keys
