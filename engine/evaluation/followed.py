"""The units of a layer that follow a truth which a concept can name, and how often concepts name it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from engine.evaluation.results import Figure, LayerTruth, TruthHits, TruthScores
from engine.evaluation.truth import CRITERIA, CRITERION, Criterion, Exchange, Truth, counted, exchange, followed_by_each
from engine.store.reader import RunReader
from engine.store.records import LayerInfo


class Named(Protocol):
    """The concepts of one neuron by one method, as `compared`."""

    @property
    def annotation(self) -> tuple[str, ...]: ...
    @property
    def best(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """The units of one layer that follow a truth which a concept can name."""

    summary: LayerTruth
    words: Mapping[Criterion, Mapping[int, frozenset[str]]]
    """Unit -> the names of the truth that it follows, by what chose that truth"""

    @classmethod
    def of(cls, reader: RunReader, layer: LayerInfo, recorded: Sequence[Truth], vocabulary: frozenset[str]) -> Self:
        """The units of a layer, where concepts are those of a vocabulary, as `compared`."""
        by_each = followed_by_each(reader.arrays.activations(layer), recorded)
        found = by_each[CRITERION]
        counts = counted([truth.name for truth in found if truth])
        unnamed = {truth.name for truth in found if truth and not truth.words & vocabulary}
        changed = {
            name: sum(one is not other for one, other in zip(found, by_each[name], strict=True))
            for name in CRITERIA
            if name != CRITERION
        }
        summary = LayerTruth(
            *(layer.name, layer.units, sum(counts.values()), counts),
            tuple(name for name in counts if name in unnamed),
            changed,
        )
        words = {
            name: {unit: truth.words for unit, truth in enumerate(chosen) if truth and truth.words & vocabulary}
            for name, chosen in by_each.items()
        }
        return cls(summary, words)

    def named(self, criterion: Criterion) -> bool:
        """Whether any unit follows a truth that a concept can name."""
        return bool(self.words[criterion])

    def score(self, concepts: Sequence[Named], criterion: Criterion) -> TruthScores:
        """How often the concepts of the layer's neurons name the truths. Raises ValueError where none is `named`."""
        of_units = self.words[criterion]
        own = [concepts[unit] for unit in of_units]
        best = exchange([(neuron.best,) for neuron in own], tuple(of_units.values()))
        annotation = exchange([neuron.annotation for neuron in own], tuple(of_units.values()))
        return TruthScores(self.summary.layer, len(own), _hits(best, len(own)), _hits(annotation, len(own)))


def _hits(found: Exchange, units: int) -> TruthHits:
    error = math.sqrt(found.hit_rate * (1 - found.hit_rate) / units)
    return TruthHits(Figure(found.hit_rate, error), found.chance, found.p_value)
