"""A set of images by patient, from which the bootstrap and the split halves draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evidence.metadata import Metadata
from engine.evidence.population import Population

MOST = 256
"""The most clusters that are drawn from; a set with more is represented by a random sample of this size"""
EDGE = 0.15
"""The share of a neuron's images that are at the edge of the selection"""
_LEAST, _MOST = 3, 256
"""Images at the edge"""
_ROWS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """The representative images of one neuron by cluster. The images of one patient are a cluster; an image without a
    recorded patient is a cluster of its own.

    At most 256 of the G clusters are held. A mean over G clusters drawn again varies around the mean of the set
    √(256/G) times as much as a mean over the 256 varies around theirs (Bickel, Götze, van Zwet 1997: resampling fewer
    than n).
    """

    total: int
    """G"""
    sums: NDArray[np.float32]
    """Sums of the unit embeddings of each held cluster, [g, d]"""
    sizes: NDArray[np.float32]
    """Images in each held cluster, [g]"""

    @property
    def scale(self) -> float:
        """√(g/G)."""
        return float(np.sqrt(len(self.sizes) / self.total))


class Grouping:
    """Cuts sets of images into clusters. Where a set has too many, the first ones in one random order are held."""

    def __init__(self, population: Population, metadata: Metadata) -> None:
        count = int(metadata.clusters.max(initial=-1)) + 1
        places = np.random.default_rng(11).permutation(count).astype(np.int32)
        self._population = population
        self._places = places[metadata.clusters]
        """The place of each image's cluster in the random order, [p]"""
        self._count = count

    def clusters(self, images: NDArray[np.int32]) -> Clusters:
        """The clusters of a set of at least one image."""
        places = self._places[images]
        present = np.zeros(self._count, dtype=np.bool_)
        present[places] = True
        held = np.flatnonzero(present)
        total = len(held)
        held = held[:MOST]
        if total > MOST:
            chosen = places <= held[-1]
            images, places = images[chosen], places[chosen]
        order = np.argsort(places, kind="stable")
        numbers = np.searchsorted(held, places[order])
        sums = np.zeros((len(held), len(self._population.mean)), dtype=np.float32)
        for start in range(0, len(order), _ROWS):
            rows = self._population.unit_rows(images[order[start : start + _ROWS]])
            part = numbers[start : start + _ROWS]
            firsts = np.flatnonzero(np.diff(part, prepend=-1))
            sums[part[firsts]] += np.add.reduceat(rows, firsts)
        return Clusters(total, sums, np.bincount(numbers).astype(np.float32))

    def edge(self, images: NDArray[np.int32]) -> NDArray[np.float32]:
        """The mean unit embedding of the last EDGE of a set of images, activation descending, [d]."""
        count = min(len(images), max(_LEAST, min(_MOST, round(EDGE * len(images)))))
        mean: NDArray[np.float32] = self._population.unit_rows(images[-count:]).mean(axis=0, dtype=np.float32)
        return mean

    def share(self, images: NDArray[np.int32]) -> float:
        """The share of all images that a set is."""
        return len(images) / len(self._population)
