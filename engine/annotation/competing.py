"""The concepts that compete for a layer's annotations: all of a run's, or those of one concept set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Competing:
    """The competing concepts, grouped by direction: concepts with the same text have the same one."""

    directions: NDArray[np.float64]
    """The k distinct vectors t_j − t_tem, [k, d], ordered by their first concept. A matrix product may round equal
    columns differently, and among equal concepts the first must stay the best."""
    first: NDArray[np.int64]
    """The first concept with each direction, [k]"""
    sizes: NDArray[np.int64]
    """The number of concepts with each direction, [k]"""
    rows: NDArray[np.int64]
    """The direction of each competing concept, in their order"""

    @classmethod
    def of(cls, directions: NDArray[np.float64], members: NDArray[np.int64]) -> Competing:
        """Groups the concepts `members`, in their order; `directions` [m, d] are those of all concepts."""
        _, first, rows, sizes = np.unique(
            directions[members], axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(first)
        concepts = members[first[order]]
        return cls(directions[concepts], concepts, sizes[order], np.argsort(order)[rows.reshape(-1)])

    def scores(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each direction's score, [units, k], from each unit's mean of unit image embeddings, [units, d]."""
        scores: NDArray[np.float64] = means @ self.directions.T
        return scores

    def annotations(
        self, scores: NDArray[np.float64], beta: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Each unit's best concept, its score, and the number of concepts above β times that score; [units] each."""
        best = scores.argmax(axis=1)
        best_scores = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        cuts = np.where(best_scores > 0, beta * best_scores, np.inf)
        return self.first[best], best_scores, np.einsum("uk,k->u", scores > cuts[:, None], self.sizes)
