"""What is known of the neurons: answers and evidence, whole layers and the units on screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evidence.answers import LayerEvidence
from engine.requery import LayerAnswer
from engine.store.records import LayerInfo
from mammi_tui.neurons.some_units import SomeUnits


@dataclass(frozen=True, slots=True)
class Neuron:
    """A unit of a layer, by the layer's position."""

    layer: int
    unit: int


class RowAnswers:
    """By the position of each layer."""

    def __init__(self, layers: Sequence[LayerInfo]) -> None:
        self.answers: list[LayerAnswer | None] = [None] * len(layers)
        self.some: dict[int, SomeUnits] = {}
        """By layer: what is known of the units on screen, at newer cuts than the layer's answer"""
        self.evidence: list[LayerEvidence | None] = [None] * len(layers)
        """The last evidence of each layer, possibly at another α or β than the answers"""
        self.evidence_underway: int | None = None
        """The layer whose evidence is being computed"""
        self.findings: list[Sequence[str]] = [[""] * layer.units for layer in layers]

    def found(self, neuron: Neuron) -> tuple[LayerAnswer, int] | None:
        """The newest answer about a neuron, and its place there; None where its layer's is older than that of others
        on screen, and before there is any."""
        if (some := self.some.get(neuron.layer)) is not None:
            place = some.places.get(neuron.unit)
            return None if place is None else (some.answer, place)
        answer = self.answers[neuron.layer]
        return None if answer is None else (answer, neuron.unit)

    def evidence_is_stale(self, layer: int) -> bool:
        """Whether a layer's evidence has other cuts than what its lines show."""
        some, answer = self.some.get(layer), self.answers[layer]
        shown, evidence = answer if some is None else some.answer, self.evidence[layer]
        return evidence is not None and shown is not None and evidence.cuts != shown.cuts
