"""The order of one unit's activations, which judges any number of sets of images without sorting again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Ranks of one unit's activations on p images."""

    middle: Floats
    """Ranks from 1 for the lowest; equal values get the mean of their ranks, [p]"""
    at_least: NDArray[np.int64]
    """How many images have at least this image's activation, [p]"""

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Self:
        """The ranks of activations [p] without NaN."""
        order = np.argsort(-values)
        ordered = values[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        ends = np.append(starts[1:], len(values))
        middle, at_least = np.empty(len(values)), np.empty(len(values), dtype=np.int64)
        middle[order] = np.repeat(len(values) - (starts + ends - 1) / 2, ends - starts)
        at_least[order] = np.repeat(ends, ends - starts)
        return cls(middle, at_least)

    def reversed(self) -> Self:
        """The ranks of the activations with the opposite sign."""
        images = len(self.middle)
        at_most = (2 * self.middle).astype(np.int64) + self.at_least - images - 1
        return type(self)(images + 1 - self.middle, at_most)

    def aurocs(self, members: Flags | Floats) -> Floats:
        """AUROCs of sets of images [t, p] (1 for those in a set), [t]; NaN for a set without images, or of all images.

        Numbers are faster than flags, which are turned into numbers each time.
        They come from the Mann–Whitney statistic: (mean rank of the members − (n₁ + 1) / 2) / n₀.
        """
        sizes = members.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            areas: Floats = (members @ self.middle / sizes - (sizes + 1) / 2) / (members.shape[1] - sizes)
        return areas

    def average_precision(self, member: Flags) -> float:
        """The area under the precision–recall curve by steps for one set of images [p]; NaN for a set without images.

        The precision at a member is the share of members among the images with at least its activation; the area is
        its mean over members. engine.decisions.discrimination computes the same from scores.
        """
        counts = np.sort(self.at_least[member])
        if not len(counts):
            return float("nan")
        return float((np.searchsorted(counts, counts, side="right") / counts).mean())
