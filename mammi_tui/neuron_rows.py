"""Which lines the neurons pane has, and in what order: the layers, and under each open one its units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.requery import LayerAnswer
from engine.store.reader import LayerInfo
from mammi_tui.verdicts import Verdict

LAYER_LINE = -1

VERDICT_WORDS: dict[Verdict, str] = {"accept": "accepted", "reject": "rejected", "unsure": "unsure"}


class Order(Enum):
    """How the units of a layer are sorted."""

    UNIT = "unit"
    SCORE = "best score"
    IMAGES = "representatives"

    def next(self) -> Order:
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]


@dataclass(frozen=True, slots=True)
class Neuron:
    """A unit of a layer, by the layer's position."""

    layer: int
    unit: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a filter."""

    text: str
    exact: bool

    def is_in(self, unit: int, text: str) -> bool:
        """A number is a unit's, or its first digits while it is typed; any other word may be anywhere."""
        if not self.exact and self.text.isdecimal():
            return str(unit).startswith(self.text)
        ends_in_unit = not self.exact and re.search(r":\d+$", self.text)
        return (f"{self.text}\n" if ends_in_unit else self.text) in text


class NeuronRows:
    """The lines, and what decides them: answers, open layers, order, filter and verdicts.

    A line is (layer, unit); a layer's own line has unit LAYER_LINE. Call `rebuild` after changing anything.
    """

    def __init__(self, layers: Sequence[LayerInfo], concepts: Sequence[str]) -> None:
        self.layers = layers
        self.answers: list[LayerAnswer | None] = [None] * len(layers)
        self.findings: list[Sequence[str]] = [[""] * layer.units for layer in layers]
        self.verdicts: dict[Neuron, Verdict] = {}
        self.open: set[int] = set()
        self.order = Order.UNIT
        self.query = ""
        self.matches: list[NDArray[np.int64]] = []
        self.line_layers: NDArray[np.int64] = np.empty(0, np.int64)
        self.line_units: NDArray[np.int64] = np.empty(0, np.int64)
        self._concepts = [concept.casefold() for concept in concepts]
        self._names = [[name.casefold() for name in layer.unit_names] or [""] * layer.units for layer in layers]
        self._dead = [np.asarray(layer.dead, bool) for layer in layers]
        self.rebuild()

    def __len__(self) -> int:
        return len(self.line_units)

    def rebuild(self) -> None:
        """Filters and sorts the units of every layer, and lays out the lines."""
        words = [*_words(self.query)]
        self.matches = [self._ordered(layer, self._matching(layer, words)) for layer in range(len(self.layers))]
        layers: list[NDArray[np.int64]] = []
        units: list[NDArray[np.int64]] = []
        for layer, matching in enumerate(self.matches):
            if words and not len(matching):
                continue
            shown = matching if layer in self.open or words else matching[:0]
            units.append(np.concatenate([[LAYER_LINE], shown]))
            layers.append(np.full(len(shown) + 1, layer))
        self.line_layers = np.concatenate(layers) if layers else np.empty(0, np.int64)
        self.line_units = np.concatenate(units) if units else np.empty(0, np.int64)

    def found_by_finding(self, neuron: Neuron) -> bool:
        """Whether a word of the filter is in the neuron's finding, and in neither its class nor its best concept."""
        answer, unit = self.answers[neuron.layer], neuron.unit
        best = -1 if answer is None else int(answer.best[unit])
        others = f"{self._names[neuron.layer][unit]}\n{self._concepts[best] if best >= 0 else ''}"
        finding = self.findings[neuron.layer][unit].casefold()
        return any(word.text in finding and word.text not in others for word in _words(self.query))

    @property
    def match_count(self) -> int:
        return sum(len(matching) for matching in self.matches)

    def at(self, line: int) -> Neuron:
        """The neuron at a line; of a layer's own line, the layer with unit LAYER_LINE."""
        return Neuron(int(self.line_layers[line]), int(self.line_units[line]))

    def line_of(self, neuron: Neuron) -> int | None:
        """Where a neuron (or, with unit LAYER_LINE, a layer) is, or None where it is not shown."""
        found = np.flatnonzero((self.line_layers == neuron.layer) & (self.line_units == neuron.unit))
        return int(found[0]) if len(found) else None

    def is_dead(self, neuron: Neuron) -> bool:
        return bool(self._dead[neuron.layer][neuron.unit])

    def dead_count(self, layer: int) -> int:
        return int(self._dead[layer].sum())

    def progress(self, layer: int | None = None) -> tuple[int, int]:
        """How many living neurons have a verdict, and how many there are, in one layer or in all."""
        layers = range(len(self.layers)) if layer is None else [layer]
        decided = sum(1 for neuron in self.verdicts if neuron.layer in layers)
        return decided, sum(int((~self._dead[index]).sum()) for index in layers)

    def next_undecided(self, start: Neuron, step: int) -> Neuron | None:
        """The next (or with step −1 the previous) living neuron without a verdict, in the order shown, going round."""
        neurons = [Neuron(layer, int(unit)) for layer, units in enumerate(self.matches) for unit in units]
        if not neurons:
            return None
        if start in neurons:
            first = neurons.index(start)
        else:  # a layer's line, or a neuron that the filter hides
            later = [index for index, neuron in enumerate(neurons) if neuron.layer >= start.layer]
            first = (later[0] if later else 0) - (step > 0)
        for offset in range(1, len(neurons) + 1):
            neuron = neurons[(first + step * offset) % len(neurons)]
            if neuron != start and neuron not in self.verdicts and not self.is_dead(neuron):
                return neuron
        return None

    def _ordered(self, layer: int, units: NDArray[np.int64]) -> NDArray[np.int64]:
        answer = self.answers[layer]
        if answer is None or self.order is Order.UNIT:
            return units
        by = answer.best_scores if self.order is Order.SCORE else answer.counts
        living = np.where(answer.best[units] >= 0, by[units], -np.inf)  # a unit without concepts comes last
        return units[np.argsort(-living, kind="stable")]

    def _matching(self, layer: int, words: list[Word]) -> NDArray[np.int64]:
        units = np.arange(self.layers[layer].units)
        if not words:
            return units
        texts = list(self._texts(layer))
        found = [unit for unit, text in enumerate(texts) if all(word.is_in(unit, text) for word in words)]
        return units[found]

    def _texts(self, layer: int) -> Iterator[str]:
        """Per unit, all that a filter's word may be found in."""
        answer, dead = self.answers[layer], self._dead[layer]
        best = [-1] * self.layers[layer].units if answer is None else answer.best.tolist()
        layer_name = self.layers[layer].name.casefold()
        for unit, concept in enumerate(best):
            verdict = self.verdicts.get(Neuron(layer, unit))
            state = "dead" if dead[unit] else VERDICT_WORDS[verdict] if verdict else "undecided"
            parts = (
                f"{layer_name}:{unit}",
                self._concepts[concept] if concept >= 0 else "",
                self._names[layer][unit],
                self.findings[layer][unit].casefold(),
                state,
            )
            yield "\n".join(parts)


def _words(query: str) -> Iterator[Word]:
    """The words of a filter; what stands in double quotes is one word, and a number there is no unit."""
    for found in re.finditer(r'"([^"]*)"?|([^\s"]+)', query.casefold()):
        quoted, plain = found.groups()
        if quoted or plain:
            yield Word(quoted or plain, exact=plain is None)
