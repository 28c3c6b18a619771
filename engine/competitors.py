"""The concepts that compete for a neuron's annotation, over an open run file, and how their scores spread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.annotation import standing
from engine.annotation.competing import Competing
from engine.annotation.cuts import Ranking
from engine.annotation.standing import Moments
from engine.chosen_images import Vectors
from engine.names import find_concept_set
from engine.store.reader import RunReader


class Competitors:
    """The competing concepts of a run by concept set and ranking. Nothing is loaded before it is needed. Any thread may
    ask."""

    def __init__(self, reader: RunReader, vectors: Callable[[], Vectors]) -> None:
        self._reader = reader
        self._vectors = vectors
        self._loading = threading.Lock()
        self._moments: Moments | None = None
        self._members: dict[str | None, NDArray[np.int64]] = {None: np.arange(len(reader.concepts))}
        self._members |= {each.name: np.array(each.concepts, dtype=np.int64) for each in reader.concept_sets}
        """Each set's concepts in its order"""
        self._competing: dict[tuple[str | None, Ranking], Competing] = {}

    def moments(self) -> Moments:
        """Mean and standard deviation of every concept's score over all images, [m] each. They are loaded once; a run
        file of an earlier version does not hold them, and they are computed."""
        with self._loading:
            if self._moments is None:
                found = self._reader.arrays.concept_moments()
                if found is None:
                    directions = self._vectors().directions[:]
                    self._moments = standing.moments(*self.spread(), directions, self._reader.image_count)
                else:
                    self._moments = Moments(self._reader.image_count, *found)
            return self._moments

    def spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The mean [d] and the covariance [d, d] of the images' unit embeddings. A run file of an earlier version does
        not hold them, and they are computed."""
        found = self._reader.arrays.spread()
        if found is None:
            vectors = self._vectors()
            return standing.spread_of(vectors.embeddings, vectors.inverse_lengths)
        return found

    def members(self, concept_set: str | None) -> NDArray[np.int64]:
        """Indices of the competing concepts, in their set's order. Raises MammiError for an unknown concept set."""
        if concept_set not in self._members:
            find_concept_set(str(concept_set), self._reader.concept_sets)
        return self._members[concept_set]

    def competing(self, concept_set: str | None, ranking: Ranking) -> Competing:
        """The competing concepts, grouped by direction, with what they are ranked by.

        Raises MammiError for an unknown concept set.
        """
        if (concept_set, ranking) not in self._competing:
            if ranking == "z":
                found = self.competing(concept_set, "score").ranked_by_z(self.moments())
            else:
                found = Competing.of(self._vectors().directions, self.members(concept_set))
            self._competing[concept_set, ranking] = found
        return self._competing[concept_set, ranking]
