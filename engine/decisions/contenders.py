"""The leading concepts of every unit of a layer: those in its annotation at any usual β, and its first few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Competing
from engine.annotation.cuts import Cuts
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

NEAR = 5
"""The last rank that narrowly misses"""
_FLOOR = 0.75
"""The β for which words are kept at least"""
_AT_ONCE = 1 << 22
"""Concept scores that are computed at once"""
_READ_AT_ONCE = 1 << 19
"""Concept scores that are read from the run file at once"""


@dataclass(frozen=True, slots=True, eq=False)
class Contenders:
    """Entries of units and concepts, one unit's after another's, each unit's by score, ties in the concept set's order.

    A unit's entries are its first: all with a score above `floor` times its best, and all positive ones up to rank
    NEAR. Scores are what the concepts are ranked by: Eq. 2's, or z but for the factor of the number of images.
    """

    floor: float
    counts: NDArray[np.int64]
    """The number of representative images, [units]"""
    units: NDArray[np.int32]
    """[n]"""
    concepts: NDArray[np.int32]
    """[n]"""
    scores: NDArray[np.float64]
    """[n]"""
    ranks: NDArray[np.int32]
    """From 1, [n]"""
    bests: NDArray[np.float64]
    """The best score of each entry's unit, [n]"""

    @classmethod
    def of(cls, reader: RunReader, requery: Requery, layer: LayerInfo, cuts: Cuts) -> Self:
        """A layer's at some cuts. Raises MammiError for an unknown concept set."""
        competing, floor = requery.competing(cuts.concept_set, cuts.ranking), min(_FLOOR, cuts.beta)
        own = cuts.reach == reader.info.cuts.reach
        counts = reader.own.counts[layer.neurons] if own else requery.means(layer, cuts).counts
        living = np.flatnonzero(counts > 0)
        parts = [
            _entries(units, scores, competing, floor)
            for units, scores in _scores(reader, requery, layer, cuts, living, competing)
        ]
        return cls(floor, counts, *(np.concatenate(each) for each in zip(_NO_ENTRIES, *parts, strict=True)))

    def above(self, beta: float) -> NDArray[np.bool_]:
        """Which entries are in their unit's annotation at a β of at least `floor`, [n]."""
        return self.scores > np.where(self.bests > 0, beta * self.bests, np.inf)


_Entries = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]
_NO_ENTRIES = (np.empty(0, np.int32),) * 2 + (np.empty(0),) + (np.empty(0, np.int32), np.empty(0))


def _scores(
    reader: RunReader,
    requery: Requery,
    layer: LayerInfo,
    cuts: Cuts,
    units: NDArray[np.int64],
    competing: Competing,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Some units at a time, ascending, and what they rank each distinct competing direction by, [n, k]."""
    own, concepts = cuts.reach == reader.info.cuts.reach, len(reader.concepts)
    size = max(1, (_READ_AT_ONCE if own else _AT_ONCE) // concepts)
    for start in range(0, len(units), size):
        some = units[start : start + size]
        if own:
            yield some, competing.scores(reader.arrays.own_means(layer.first_neuron + some))
        else:
            yield some, requery.scores(layer, cuts)[1][some]


def _entries(units: NDArray[np.int64], scores: NDArray[np.float64], competing: Competing, floor: float) -> _Entries:
    """The entries of units [n] with scores [n, k], as the fields of Contenders."""
    best = scores.max(axis=1)
    within = max(0, scores.shape[1] - NEAR)
    last = np.partition(scores, within, axis=1)[:, within]
    positive = np.where(best > 0, floor * best, np.inf)
    leading = (scores > positive[:, None]) | ((scores >= last[:, None]) & (scores > 0))
    words = competing.words(scores, leading)
    owners = words.owners
    directions = np.empty(int(competing.concepts.max(initial=-1)) + 1, np.int64)
    directions[competing.concepts] = competing.rows
    sizes = np.diff(words.ends, prepend=0)
    ranks = np.arange(len(owners)) - np.repeat(words.ends - sizes, sizes) + 1
    return (
        units[owners].astype(np.int32),
        words.concepts.astype(np.int32),
        scores[owners, directions[words.concepts]],
        ranks.astype(np.int32),
        best[owners],
    )
