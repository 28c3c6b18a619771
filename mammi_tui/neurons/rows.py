"""The lines of the neurons pane and their order: the layers, and below each open layer its units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import LayerEvidence
from engine.requery import LayerAnswer
from engine.store.records import LayerInfo
from mammi_tui.neurons.figures import FIGURES, Figure
from mammi_tui.neurons.filter import Filter, parse
from mammi_tui.neurons.marks import VERDICT_WORDS
from mammi_tui.neurons.order import BY_UNIT, Order
from mammi_tui.verdicts.agreement import Agreement
from mammi_tui.verdicts.comparison import Compared
from mammi_tui.verdicts.lines import Line, Verdict
from mammi_tui.verdicts.said import is_of
from mammi_tui.verdicts.standing import Judgement

LAYER_LINE = -1


@dataclass(frozen=True, slots=True)
class Neuron:
    """A unit of a layer, by the layer's position."""

    layer: int
    unit: int


class NeuronRows:
    """The lines, and what they depend on: answers, evidence, open layers, order, filter and verdicts.

    A line is (layer, unit); a layer's own line has unit LAYER_LINE. Call `rebuild` after changing anything.
    """

    def __init__(self, layers: Sequence[LayerInfo], concepts: Sequence[str]) -> None:
        self.layers = layers
        self.answers: list[LayerAnswer | None] = [None] * len(layers)
        self.evidence: list[LayerEvidence | None] = [None] * len(layers)
        """The last evidence of each layer, possibly at another α or β than the answers"""
        self.evidence_underway: int | None = None
        """The layer whose evidence is being computed"""
        self.findings: list[Sequence[str]] = [[""] * layer.units for layer in layers]
        self.run = ""
        """The run's content hash"""
        self.judgements: dict[Neuron, Judgement] = {}
        """What the reader says of each neuron"""
        self.shows_others = False
        """Whether other readers' verdicts are shown; else the following are empty"""
        self.others: dict[str, dict[Neuron, Judgement]] = {}
        """What other readers say, by their names"""
        self.settled: dict[Neuron, Line] = {}
        """The line that settled a difference between readers"""
        self.compared: dict[Neuron, Compared] = {}
        """The verdicts of all readers on each neuron"""
        self.agreement: Agreement | None = None
        self.open: set[int] = set()
        self.order: Order = BY_UNIT
        self.query = ""
        self.matches: list[NDArray[np.int64]] = []
        self.line_layers: NDArray[np.int64] = np.empty(0, np.int64)
        self.line_units: NDArray[np.int64] = np.empty(0, np.int64)
        self._words = concepts
        self._concepts = [concept.casefold() for concept in concepts]
        self._names = [[name.casefold() for name in layer.unit_names] or [""] * layer.units for layer in layers]
        self._dead = [np.asarray(layer.dead, bool) for layer in layers]
        self.rebuild()

    def __len__(self) -> int:
        return len(self.line_units)

    def rebuild(self) -> None:
        """Filters and sorts the units of every layer, and lays out the lines."""
        self.matches = [self._ordered(layer, self._matching(layer)) for layer in range(len(self.layers))]
        layers: list[NDArray[np.int64]] = []
        units: list[NDArray[np.int64]] = []
        for layer, matching in enumerate(self.matches):
            if self.query and not len(matching):
                continue
            shown = matching if layer in self.open or self.query else matching[:0]
            units.append(np.concatenate([[LAYER_LINE], shown]))
            layers.append(np.full(len(shown) + 1, layer))
        self.line_layers = np.concatenate(layers) if layers else np.empty(0, np.int64)
        self.line_units = np.concatenate(units) if units else np.empty(0, np.int64)

    def found_by_finding(self, neuron: Neuron) -> bool:
        """Whether a word of the filter is in the neuron's finding, but not in its class or its best concept."""
        answer, unit = self.answers[neuron.layer], neuron.unit
        best = -1 if answer is None else int(answer.best[unit])
        others = f"{self._names[neuron.layer][unit]}\n{self._concepts[best] if best >= 0 else ''}"
        finding = self.findings[neuron.layer][unit].casefold()
        return any(word.text in finding and word.text not in others for word in self.filter.words)

    @property
    def filter(self) -> Filter:
        return parse(self.query)

    @property
    def needs_evidence(self) -> bool:
        """Whether the order or the filter reads evidence."""
        return self.order.needs_evidence or self.filter.needs_evidence

    @property
    def figure(self) -> Figure:
        """The figure in the column of scores: the evidence that sorts, or that the filter compares; else the score."""
        if self.order.needs_evidence and self.order.figure:
            return self.order.figure
        compared = (comparison.figure for comparison in self.filter.comparisons)
        return next((figure for figure in compared if figure.of_evidence and figure.word != "trust"), FIGURES["score"])

    @property
    def match_count(self) -> int:
        return sum(len(matching) for matching in self.matches)

    def at(self, line: int) -> Neuron:
        """The neuron at a line; at a layer's own line, the layer with unit LAYER_LINE."""
        return Neuron(int(self.line_layers[line]), int(self.line_units[line]))

    def line_of(self, neuron: Neuron) -> int | None:
        """The line of a neuron (or, with unit LAYER_LINE, of a layer); None where it is not shown."""
        found = np.flatnonzero((self.line_layers == neuron.layer) & (self.line_units == neuron.unit))
        return int(found[0]) if len(found) else None

    def is_layer_line(self, line: int) -> bool:
        return bool(self.line_units[line] == LAYER_LINE)

    def line_of_layer(self, line: int) -> int:
        """The line of the layer that the neuron at a line belongs to."""
        return int(np.searchsorted(self.line_layers, self.line_layers[line]))

    def evidence_is_stale(self, layer: int) -> bool:
        """Whether a layer's evidence has other cuts than its answer."""
        evidence, answer = self.evidence[layer], self.answers[layer]
        if evidence is None or answer is None:
            return False
        return evidence.cuts != answer.cuts

    def name_of(self, neuron: Neuron) -> str:
        """`layer:unit`."""
        return f"{self.layers[neuron.layer].name}:{neuron.unit}"

    def class_of(self, neuron: Neuron) -> str:
        """The class that a final layer's unit stands for; "" where the run names none."""
        names = self.layers[neuron.layer].unit_names
        return names[neuron.unit] if names else ""

    def is_dead(self, neuron: Neuron) -> bool:
        return bool(self._dead[neuron.layer][neuron.unit])

    def dead_count(self, layer: int) -> int:
        return int(self._dead[layer].sum())

    def progress(self, layer: int | None = None) -> tuple[int, int]:
        """The number of living neurons that are decided, and of all living neurons, in one layer or in all layers."""
        layers = range(len(self.layers)) if layer is None else [layer]
        decided = sum(1 for neuron in self.judgements if neuron.layer in layers and self.is_decided(neuron))
        return decided, sum(int((~self._dead[index]).sum()) for index in layers)

    def verdict_of(self, neuron: Neuron) -> Verdict | None:
        """The reader's own verdict, which may be hollow; None if there is none, and for a dead unit."""
        judgement = self.judgements.get(neuron)
        line = judgement.verdict if judgement and not self.is_dead(neuron) else None
        return line.verdict if line else None

    def label_of(self, neuron: Neuron) -> str:
        """The reader's own label; "" if there is none."""
        judgement = self.judgements.get(neuron)
        return (judgement.label.deed.text or "") if judgement and judgement.label else ""

    def is_decided(self, neuron: Neuron) -> bool:
        """Whether the reader has given a verdict in this run, at whatever α and β."""
        judgement = self.judgements.get(neuron)
        return self.verdict_of(neuron) is not None and bool(
            judgement and judgement.verdict and judgement.verdict.run == self.run
        )

    def is_hollow(self, neuron: Neuron, line: Line | None = None) -> bool:
        """Whether a line about a neuron, by default the reader's own verdict, is about another annotation than the one
        in the layer's answer: about other words, or about another content of the run."""
        judgement = self.judgements.get(neuron)
        line = line or (judgement.verdict if judgement else None)
        answer = self.answers[neuron.layer]
        if line is None or answer is None:
            return False
        words = tuple(self._words[concept] for concept in answer.words.of_unit(neuron.unit))
        return not is_of(line, self.run, words)

    def differs(self, neuron: Neuron) -> bool:
        """Whether readers differ on a neuron and have not settled it."""
        return neuron in self.compared and self.compared[neuron].is_open

    def next_undecided(self, start: Neuron, step: int) -> Neuron | None:
        """The next living neuron without a verdict (with step −1 the previous) in the order shown, cyclically."""
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
            if neuron != start and not self.is_decided(neuron) and not self.is_dead(neuron):
                return neuron
        return None

    def _ordered(self, layer: int, units: NDArray[np.int64]) -> NDArray[np.int64]:
        keys = self.order.keys(self.answers[layer], self.evidence[layer])
        return units[np.lexsort([key[units] for key in keys])] if keys else units

    def _matching(self, layer: int) -> NDArray[np.int64]:
        units = np.arange(self.layers[layer].units)
        wanted = self.filter
        for comparison in wanted.comparisons:
            values = comparison.figure.values(self.answers[layer], self.evidence[layer])
            units = units[:0] if values is None else units[comparison.holds(values[units])]
        if not wanted.words or not len(units):
            return units
        texts = list(self._texts(layer))
        return units[[all(word.is_in(unit, texts[unit]) for word in wanted.words) for unit in units.tolist()]]

    def _texts(self, layer: int) -> Iterator[str]:
        """For each unit, the text that the words of a filter are searched in."""
        answer, dead = self.answers[layer], self._dead[layer]
        best = [-1] * self.layers[layer].units if answer is None else answer.best.tolist()
        layer_name = self.layers[layer].name.casefold()
        for unit, concept in enumerate(best):
            verdict = self.verdict_of(Neuron(layer, unit))
            state = "dead" if dead[unit] else VERDICT_WORDS[verdict] if verdict else "undecided"
            parts = (
                f"{layer_name}:{unit}",
                self._concepts[concept] if concept >= 0 else "",
                self._names[layer][unit],
                self.findings[layer][unit].casefold(),
                state,
            )
            yield "\n".join(parts)
