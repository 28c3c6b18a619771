"""What the filter and the orders look at in the units of each layer. Texts that do not change are folded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.store.records import LayerInfo
from mammi_tui.neurons.filter.facts import LayerFacts, Said, folded
from mammi_tui.neurons.order import Units
from mammi_tui.verdicts.standing import Judgement


class NeuronLike(Protocol):
    """A unit of a layer, by the layer's position."""

    @property
    def layer(self) -> int: ...
    @property
    def unit(self) -> int: ...


N = TypeVar("N", bound=NeuronLike)


class RowFacts:
    """Makes the facts of a layer from its answers and from what readers say."""

    def __init__(self, layers: Sequence[LayerInfo], concepts: Sequence[str]) -> None:
        self.layer_names = [folded(layer.name) for layer in layers]
        self._concepts = [folded(concept) for concept in concepts]
        self._concept_places = places(self._concepts)
        self._classes = [[folded(name) for name in layer.unit_names] or [""] * layer.units for layer in layers]
        self._dead = [np.asarray(layer.dead, bool) for layer in layers]
        self._findings: list[tuple[Sequence[str], list[str], NDArray[np.int64]]] = [
            ((), [], np.empty(0, np.int64)) for _ in layers
        ]
        """Of each layer the findings, and folded with their places"""

    def facts(self, layer: int, *, findings: Sequence[str], **found: Any) -> LayerFacts:
        """`found` are the fields of LayerFacts that change: answers, and what readers say."""
        return LayerFacts(
            layer=self.layer_names[layer],
            classes=self._classes[layer],
            dead=self._dead[layer],
            concepts=self._concepts,
            findings=self._folded_findings(layer, findings)[1],
            **found,
        )

    def units(self, layer: int, facts: LayerFacts, findings: Sequence[str]) -> Units:
        """What orders compare."""
        places_of_findings = self._folded_findings(layer, findings)[2]
        return Units(
            *(facts.answer, facts.evidence, self._concept_places, places_of_findings),
            *(facts.matters, facts.undecided, facts.dead),
        )

    def _folded_findings(
        self, layer: int, findings: Sequence[str]
    ) -> tuple[Sequence[str], list[str], NDArray[np.int64]]:
        if self._findings[layer][0] is not findings:
            texts = [folded(finding) for finding in findings]
            ranked = places(texts)
            self._findings[layer] = findings, texts, np.where([not text for text in texts], -1, ranked)
        return self._findings[layer]


def places(texts: Sequence[str]) -> NDArray[np.int64]:
    """The place in the alphabet of each text, [n]; equal texts have equal places."""
    order = {text: place for place, text in enumerate(sorted(set(texts)))}
    return np.array([order[text] for text in texts], dtype=np.int64)


def said_of(judgements: Mapping[N, Judgement], layers: int, run: str) -> list[dict[int, Said]]:
    """What a reader says of the units of each layer, by what stands of each neuron."""
    found: list[dict[int, Said]] = [{} for _ in range(layers)]
    for neuron, each in judgements.items():
        found[neuron.layer][neuron.unit] = said_in(each, run)
    return found


def said_in(judgement: Judgement, run: str) -> Said:
    """What a reader says of a unit. A verdict decides it if it was given in the run with this content hash."""
    verdict, label, note = judgement.verdict, judgement.label, judgement.note
    return Said(
        verdict.deed.verdict or "" if verdict else "",
        folded(label.deed.text or "") if label else "",
        folded(note.deed.text or "") if note else "",
        decided=verdict is not None and verdict.run == run,
    )
