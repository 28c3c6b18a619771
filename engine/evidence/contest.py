"""What all neurons with the same competing concepts share, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation import standing
from engine.annotation.competing import Competing
from engine.evidence import bootstrap, significance
from engine.evidence.details import Floats, Integers
from engine.evidence.groups import GroupTest
from engine.evidence.null_maxima import NullMaxima
from engine.evidence.population import Population


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """The k distinct directions of the competing concepts, against the probing set of N images."""

    competing: Competing
    narrow: NDArray[np.float32]
    """The directions for uses where float32 is enough, [k, d]"""
    images: int
    """N"""
    means: Floats
    """μ_j, [k]"""
    deviations: Floats
    """σ_j, [k]"""
    skewnesses: Floats
    """[k]"""
    spread: NDArray[np.float32]
    """The directions times the covariance of the images' unit embeddings, [k, d]"""
    null: NullMaxima
    groups: GroupTest

    @classmethod
    def of(cls, competing: Competing, population: Population) -> Self:
        directions, narrow = competing.directions, competing.directions.astype(np.float32)
        found = standing.moments(population.mean, population.covariance, directions, len(population))
        return cls(
            *(competing, narrow, len(population), found.means, found.deviations),
            significance.skewnesses(population, narrow, found.deviations),
            (directions @ population.covariance).astype(np.float32),
            NullMaxima(population, narrow, found.deviations),
            GroupTest(population, narrow, found),
        )

    def contestants(self, scores: Floats) -> NDArray[np.int64]:
        """The concepts that the bootstrap scores again, [n, r], from scores [n, k]: the best, the second and others."""
        return bootstrap.contestants(scores, self.narrow, self.spread, self.deviations)

    def best(self, means: NDArray[np.float32], counts: Integers) -> Integers:  # noqa: ARG002
        """The best of all concepts, by index in the run, for each mean of unit embeddings [n, d] over [n] images."""
        concepts: Integers = self.competing.first[(means @ self.narrow.T).argmax(axis=1)]
        return concepts
