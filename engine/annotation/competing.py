"""The concepts that compete for a layer's annotations: all of a run's, or those of one concept set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Competing:
    """Concepts by their distinct directions, k of them."""

    directions: NDArray[np.float64]
    """t_j − t_tem without repetition [k, d], in order of their first concept: a matrix product may round equal columns
    differently, and the first of equal concepts must stay the best."""
    first: NDArray[np.int64]
    """First concept with each direction, [k]"""
    sizes: NDArray[np.int64]
    """Number of concepts with each direction, [k]"""
    rows: NDArray[np.int64]
    """Which direction each of the competing concepts has, in their order"""

    @classmethod
    def of(cls, directions: NDArray[np.float64], members: NDArray[np.int64]) -> Competing:
        """Directions [m, d] of all concepts, and which of these compete, in their order."""
        _, first, rows, sizes = np.unique(
            directions[members], axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(first)
        concepts = members[first[order]]
        return cls(directions[concepts], concepts, sizes[order], np.argsort(order)[rows.reshape(-1)])

    def scores(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores [units, k] of the units' means of unit image embeddings [units, d]."""
        scores: NDArray[np.float64] = means @ self.directions.T
        return scores

    def annotations(
        self, scores: NDArray[np.float64], beta: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Of each unit the best concept, its score, and how many concepts lie above β times it; [units] each."""
        best = scores.argmax(axis=1)
        best_scores = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        cuts = np.where(best_scores > 0, beta * best_scores, np.inf)
        return self.first[best], best_scores, np.einsum("uk,k->u", scores > cuts[:, None], self.sizes)
