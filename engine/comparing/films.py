"""The films that two runs share: those whose files are equal."""

from __future__ import annotations

from collections.abc import Iterator
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
    if digests[0] == digests[1]:
        everything = np.arange(counts[0])
        return SharedFilms(everything, everything, counts)
    places = {key: image for image, key in enumerate(_numbered(digests[1]))}
    pairs = [(image, places[key]) for image, key in enumerate(_numbered(digests[0])) if key in places]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return SharedFilms(both[:, 0].copy(), both[:, 1].copy(), counts)


def _numbered(digests: tuple[str | None, ...]) -> Iterator[tuple[str | None, int]]:
    """Each digest with the number of equal ones before it."""
    seen: dict[str | None, int] = {}
    for digest in digests:
        number = seen[digest] = seen.get(digest, -1) + 1
        yield digest, number
