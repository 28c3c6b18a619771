"""The concepts that compete for a layer's annotations: all of a run's, or those of one concept set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.directions import Directions, first_equal
from engine.annotation.standing import Moments


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The annotated concepts of every unit of a layer."""

    ends: NDArray[np.int64]
    """The end of each unit's part of `concepts`, [units]"""
    concepts: NDArray[np.int64]
    """One unit's concepts after another's, each unit's by score, ties in the concept set's order"""

    @classmethod
    def of(cls, units: int, owners: NDArray[np.int64], concepts: NDArray[np.int64]) -> Words:
        """`owners` is the unit of each of the `concepts`, ascending."""
        return cls(np.searchsorted(owners, np.arange(units), side="right").astype(np.int64), concepts)

    def of_unit(self, unit: int) -> tuple[int, ...]:
        """The unit's concepts, by index; () if it has none."""
        start = int(self.ends[unit - 1]) if unit else 0
        return tuple(self.concepts[start : int(self.ends[unit])].tolist())

    @property
    def owners(self) -> NDArray[np.int64]:
        """The unit of each of `concepts`."""
        return np.repeat(np.arange(len(self.ends)), np.diff(self.ends, prepend=0))


@dataclass(frozen=True, slots=True, eq=False)
class Competing:
    """The competing concepts, grouped by direction: concepts with the same text have the same one."""

    distinct: Directions
    """The k distinct vectors t_j − t_tem, ordered by their first concept. A matrix product may round equal columns
    differently, and among equal concepts the first must stay the best."""
    first: NDArray[np.int64]
    """The first concept with each direction, [k]"""
    sizes: NDArray[np.int64]
    """The number of concepts with each direction, [k]"""
    rows: NDArray[np.int64]
    """The direction of each competing concept, in their order"""
    concepts: NDArray[np.int64]
    """The competing concepts, in their order"""
    scale: NDArray[np.float64] | None = None
    """What each direction's product is multiplied with, [k]; None for 1"""
    offsets: NDArray[np.float64] | None = None
    """What is added then, [k]; None for nothing"""
    units: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    """What a difference of 1 in what concepts are ranked by is in Eq. 2's score, [k]; [1] where it is 1 for all"""

    @classmethod
    def of(cls, directions: Directions | NDArray[np.float64], members: NDArray[np.int64]) -> Competing:
        """Groups the concepts `members`, in their order; `directions` [m, d] are those of all concepts."""
        if not isinstance(directions, Directions):
            directions = Directions(directions)
        firsts, rows, sizes = np.unique(first_equal(directions, members), return_inverse=True, return_counts=True)
        concepts = members[firsts]
        return cls(directions.chosen(concepts), concepts, sizes, rows.reshape(-1), members)

    def ranked_by_z(self, moments: Moments) -> Competing:
        """The same concepts, whose scores are (s_j − μ_j)/σ_j: z but for a factor that depends on the number of images
        alone, and so is the same for all concepts of a neuron. `moments` are those of all concepts; a concept with the
        same score on every image has 0.
        """
        found = moments.of(self.first)
        scale = np.divide(1, found.deviations, out=np.zeros_like(found.deviations), where=found.deviations > 0)
        return replace(self, scale=scale, offsets=-found.means * scale, units=found.deviations)

    @property
    def directions(self) -> NDArray[np.float64]:
        """What means are multiplied with, [k, d]; it is made at each call."""
        return self.some(np.s_[:])

    def some(self, directions: Any) -> NDArray[np.float64]:
        """`directions` of some rows, [n, d]."""
        chosen = self.distinct[directions]
        return chosen if self.scale is None else chosen * self.scale[directions, None]

    @property
    def longest(self) -> float:
        """The length of the longest of `directions`."""
        return float((self.distinct.lengths * (1.0 if self.scale is None else self.scale)).max(initial=0.0))

    def scores(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each direction is ranked by, [units, k], from each unit's mean of unit image embeddings, [units, d]; 0
        for a unit without images, whose mean is zeros."""
        scores = np.empty((len(means), len(self.first)))
        for part in self.distinct.parts():
            np.matmul(means, self.some(part).T, out=scores[:, part])
        if self.offsets is None:
            return scores
        some: NDArray[np.bool_] = np.any(means, axis=1, keepdims=True)
        return _without_rounding(np.add(scores, self.offsets, out=scores, where=some))

    def pair_scores(self, means: NDArray[np.float64], directions: NDArray[np.int64]) -> NDArray[np.float64]:
        """What one direction is ranked by for each mean [n, d], [n]; each is summed as scoring.score_mean does."""
        scores: NDArray[np.float64] = np.einsum("nd,nd->n", means, self.some(directions))
        return scores if self.offsets is None else _without_rounding(scores + self.offsets[directions])

    def narrow_scores(self, products: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each direction is ranked by, from float32 products [n, k] with `distinct`, rounded."""
        if self.scale is None or self.offsets is None:
            return products
        ranked: NDArray[np.float32] = products * self.scale.astype(np.float32)
        ranked += self.offsets.astype(np.float32)
        return ranked

    def of_scores(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each direction is ranked by, [..., k], from Eq. 2's scores."""
        if self.offsets is None:
            return scores
        ranked = np.divide(scores, self.units, out=np.zeros_like(scores), where=self.units > 0)
        return _without_rounding(ranked + self.offsets)

    def annotations(
        self, scores: NDArray[np.float64], beta: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Words]:
        """Each unit's best concept, its score, [units] each, and the concepts above β times that score."""
        best = scores.argmax(axis=1)
        best_scores = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        cuts = np.where(best_scores > 0, beta * best_scores, np.inf)
        return self.first[best], best_scores, self.words(scores, scores > cuts[:, None])

    def words(self, scores: NDArray[np.float64], above: NDArray[np.bool_]) -> Words:
        """The concepts of the directions that are `above` each unit's cut, [units, k]."""
        units, directions = np.nonzero(above)
        order = np.lexsort((-scores[units, directions], units))
        units, directions = units[order], directions[order]
        return self.words_of(len(scores), units, directions, scores[units, directions])

    def words_of(
        self,
        count: int,
        units: NDArray[np.int64],
        directions: NDArray[np.int64],
        scores: NDArray[np.float64],
    ) -> Words:
        """The concepts of n directions, each of one of `count` units and with its score, [n] each, one unit's after
        another's, each unit's by score, ties in the order of directions."""
        sizes = self.sizes[directions]
        if len(self.first) == len(self.concepts):  # and so their order is that of the concepts
            return Words.of(count, units, self.first[directions])
        by_direction = np.argsort(self.rows, kind="stable")
        starts = (np.cumsum(self.sizes) - self.sizes)[directions]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        places = by_direction[np.repeat(starts, sizes) + within]
        owners = np.repeat(units, sizes)
        order = np.lexsort((places, -np.repeat(scores, sizes), owners))
        return Words.of(count, owners[order], self.concepts[places[order]])


def _without_rounding(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances from the mean of all images, in standard deviations, with 0 for what is rounding: a set that holds all
    images has no z."""
    distances[np.abs(distances) < 1e-9] = 0.0
    return distances
