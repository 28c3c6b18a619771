"""What all neurons with the same competing concepts share, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation import standing
from engine.annotation.competing import Competing
from engine.evidence import bootstrap, significance
from engine.evidence.details import Floats
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
    def of(cls, competing: Competing, population: Population, other: Self | None = None) -> Self:
        """`other` is that of the same concepts with another ranking, if there is one: z is the same in both."""
        directions = competing.directions
        narrow = directions.astype(np.float32)
        found = standing.moments(population.mean, population.covariance, directions, len(population))
        means = found.means if competing.offsets is None else found.means + competing.offsets
        return cls(
            *(competing, narrow, len(population), means, found.deviations),
            significance.skewnesses(population, narrow, found.deviations),
            (directions @ population.covariance).astype(np.float32),
            other.null if other else NullMaxima(population, narrow, found.deviations),
            other.groups if other else GroupTest(population, narrow, found),
        )

    def contestants(self, scores: Floats) -> NDArray[np.int64]:
        """The concepts that the bootstrap scores again, [n, r], from scores [n, k]: the best, the second and others."""
        return bootstrap.contestants(scores, self.narrow, self.spread, self.deviations)

    def best(self, means: NDArray[np.float32]) -> NDArray[np.int64]:
        """The best concept, by index among all of the run's, for each mean of unit embeddings [n, d]; [n]."""
        scores = means @ self.narrow.T
        if self.competing.offsets is not None:
            scores += self.competing.offsets.astype(np.float32)
        concepts: NDArray[np.int64] = self.competing.first[scores.argmax(axis=1)]
        return concepts

    def centred(self, scores: Floats) -> Floats:
        """Eq. 2's scores less their mean over all images, [..., k], from what the concepts are ranked by."""
        centred: Floats = (scores - self.means) * self.competing.units
        return centred
