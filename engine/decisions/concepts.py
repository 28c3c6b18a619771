"""Where a concept stands in a run: the neurons that have it or narrowly miss it, and the concepts near it."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.decisions.contenders import NEAR, Contenders
from engine.decisions.matching import Matches, Matching
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

_NEAREST = 12
"""The nearest concepts that are named"""
_MOST_ENTRIES = 1 << 19
"""Entries of one layer's contenders that are kept"""
_LAYERS = 64
"""Layers whose contenders are kept, each for one choice of images, concept set and ranking; those of another choice go
first"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A neuron for which the concept is among the first."""

    layer: int
    """The layer's position"""
    unit: int
    rank: int
    """From 1, among the competing concepts"""
    score: float
    z: float
    """How many standard errors the score lies above that of random image sets of the same size
    (engine.annotation.standing)"""
    images: int
    """The number of representative images"""


@dataclass(frozen=True, slots=True)
class NearConcept:
    """Another competing concept whose direction is near."""

    concept: int
    cosine: float
    """The cosine of the two directions t_j − t_tem. Texts with one template are all alike; the directions are what the
    scores of both concepts are products with, so concepts with a cosine near 1 have nearly the same neurons."""
    annotated: int
    """Neurons whose annotation has it"""
    best: int
    """Neurons of which it is the best concept"""


@dataclass(frozen=True, slots=True, eq=False)
class ConceptAnswer:
    """Where a concept stands at some cuts, over all layers."""

    concept: int
    cuts: Cuts
    competes: bool
    """Whether it is in the concept set of the cuts; else no neuron can have it"""
    having: tuple[Standing, ...]
    """The neurons whose annotation has it, by rank, then z"""
    missing: tuple[Standing, ...]
    """The neurons where it is among the first NEAR with a positive score, but below the β cut; in the same order"""
    nearest: tuple[NearConcept, ...]
    """By cosine"""
    competing: int
    """How many concepts compete"""
    unclaimed: NDArray[np.int64]
    """The competing concepts that no neuron's annotation has, in the concept set's order"""
    matches: Matches

    @property
    def best(self) -> int:
        """The number of annotated neurons of which it is the best concept."""
        return sum(1 for standing in self.having if standing.rank == 1)


class Concepts:
    """Answers about concepts from an open run file, at any cuts. Any thread may ask; one question is answered at a
    time. What a layer's answer needs is computed once for each α and concept set."""

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery
        self._matching = Matching(reader, requery)
        self._answering = threading.Lock()
        self._contenders: dict[tuple[int, Hashable, str | None, str], Contenders] = {}
        self._held: tuple[Cuts, NDArray[np.int64], NDArray[np.int64]] | None = None

    def concept(self, concept: int, cuts: Cuts, neuron: tuple[str, int] | None = None) -> ConceptAnswer:
        """Where a concept stands. With a neuron (layer and unit), also the matching films that leave it cold.

        Raises MammiError for an unknown neuron or concept set, IndexError for an unknown concept.
        """
        if not 0 <= concept < len(self._reader.concepts):
            raise IndexError(f"no concept {concept}: the run has {len(self._reader.concepts)}")
        with self._answering:
            members = self._requery.members(cuts.concept_set)
            annotated, best = self._counts(cuts)
            having, missing = self._standings(concept, cuts)
            return ConceptAnswer(
                *(concept, cuts, bool(np.isin(concept, members)), having, missing),
                nearest=tuple(
                    NearConcept(other, cosine, int(annotated[other]), int(best[other]))
                    for other, cosine in self._nearest(concept, members)
                ),
                competing=len(members),
                unclaimed=members[annotated[members] == 0],
                matches=self._matching.matches(concept, neuron),
            )

    def _of_layer(self, layer: LayerInfo, cuts: Cuts) -> Contenders:
        key = (layer.position, cuts.reach, cuts.concept_set, cuts.ranking)
        found = self._contenders.pop(key, None)
        if found is None or found.floor > cuts.beta:
            found = Contenders.of(self._reader, self._requery, layer, cuts)
        if len(found.units) <= _MOST_ENTRIES:
            self._contenders[key] = found
        while len(self._contenders) > _LAYERS:
            other = (kept for kept in self._contenders if kept[1:] != key[1:])
            del self._contenders[next(other, next(iter(self._contenders)))]
        return found

    def _counts(self, cuts: Cuts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many neurons have each concept in their annotation, and of how many it is the best, [m] each."""
        if self._held is None or self._held[0] != cuts:
            concepts = len(self._reader.concepts)
            annotated, best = np.zeros(concepts, np.int64), np.zeros(concepts, np.int64)
            for layer in self._reader.layers:
                found = self._of_layer(layer, cuts)
                above = found.above(cuts.beta)
                annotated += np.bincount(found.concepts[above], minlength=concepts)
                best += np.bincount(found.concepts[above & (found.ranks == 1)], minlength=concepts)
            self._held = (cuts, annotated, best)
        return self._held[1:]

    def _standings(self, concept: int, cuts: Cuts) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
        """The neurons whose annotation has the concept, and those that narrowly miss it."""
        moments = self._requery.moments().of(np.array([concept]))
        having: list[Standing] = []
        missing: list[Standing] = []
        for layer in self._reader.layers:
            found = self._of_layer(layer, cuts)
            places = np.flatnonzero(found.concepts == concept)
            units, scores, ranks = found.units[places], found.scores[places], found.ranks[places]
            images = found.counts[units]
            if cuts.ranking == "z":
                scores = scores * moments.deviations + moments.means
            z = moments.z_scores(scores[:, None], images)[:, 0]
            above = found.above(cuts.beta)[places]
            for number in range(len(places)):
                if above[number] or ranks[number] <= NEAR:
                    (having if above[number] else missing).append(
                        Standing(
                            *(layer.position, int(units[number]), int(ranks[number])),
                            *(float(scores[number]), float(z[number]), int(images[number])),
                        )
                    )
        return _in_order(having), _in_order(missing)

    def _nearest(self, concept: int, members: NDArray[np.int64]) -> list[tuple[int, float]]:
        """The other competing concepts with the nearest directions, and the cosines; ties by index."""
        directions = self._requery.vectors().directions
        products = directions.products(directions[concept])
        lengths = directions.lengths * directions.lengths[concept]
        cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        others = members[members != concept]
        order = np.lexsort((others, -cosines[others]))[:_NEAREST]
        return [(int(other), float(np.clip(cosines[other], -1, 1))) for other in others[order]]


def _in_order(standings: list[Standing]) -> tuple[Standing, ...]:
    return tuple(sorted(standings, key=lambda found: (found.rank, -found.z, found.layer, found.unit)))
