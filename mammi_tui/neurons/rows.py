"""The lines of the neurons pane and their order: the layers, and below each open layer its units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.store.records import LayerInfo
from mammi_tui.neurons.figures import FIGURES, Figure
from mammi_tui.neurons.filter.attributes import attribute_names, unknown_attribute
from mammi_tui.neurons.filter.facts import LayerFacts, folded
from mammi_tui.neurons.filter.grammar import Filter, parse
from mammi_tui.neurons.filter.reason import Reason, reason
from mammi_tui.neurons.order import BY_UNIT, Order
from mammi_tui.neurons.row_answers import Neuron, RowAnswers
from mammi_tui.neurons.row_facts import RowFacts, said_of
from mammi_tui.neurons.stepping import next_place
from mammi_tui.verdicts.agreement import Agreement
from mammi_tui.verdicts.comparison import Compared
from mammi_tui.verdicts.lines import Line, Verdict
from mammi_tui.verdicts.said import is_of
from mammi_tui.verdicts.standing import Judgement

__all__ = ["LAYER_LINE", "Neuron", "NeuronRows"]
LAYER_LINE = -1
_WITH_A_PLACE = ("trust", "images", "score")
"""Figures that a line shows, or can show, without a filter"""


class NeuronRows(RowAnswers):
    """The lines, and what they depend on: answers, evidence, open layers, order, filter and verdicts.

    A line is (layer, unit); a layer's own line has unit LAYER_LINE. Call `rebuild` after changing anything.
    """

    def __init__(self, layers: Sequence[LayerInfo], concepts: Sequence[str]) -> None:
        super().__init__(layers)
        self.layers = layers
        self.lines_on_screen: Callable[[], range] = lambda: range(0)
        self.matters: Sequence[NDArray[np.float64]] = ()
        """The importance of the units of each layer for a class; () before it has come"""
        self.matters_for = ""
        """The name of that class; "" for all"""
        self.run = ""
        """The run's content hash"""
        self.judgements: dict[Neuron, Judgement] = {}
        """What the reader says of each neuron"""
        self.shows_others = False
        """Whether other readers' verdicts are shown; else the following are empty"""
        self.saw_others = False
        """Whether any have been shown"""
        self.others: dict[str, dict[Neuron, Judgement]] = {}
        """What other readers say, by their names"""
        self.settled: dict[Neuron, Line] = {}
        """The line that settled a difference between readers"""
        self.compared: dict[Neuron, Compared] = {}
        """The verdicts of all readers on each neuron"""
        self.agreement: Agreement | None = None
        self.checks: dict[str, dict[int, list[int]]] = {}
        """By check of the check-up: the units that it found, by layer"""
        self.open: set[int] = set()
        self.order: Order = BY_UNIT
        self.flipped = False
        """Whether the order goes the other way"""
        self.query = ""
        self.reader = ""
        """The name of the reader"""
        self.matches: list[NDArray[np.int64]] = []
        self.line_layers: NDArray[np.int64] = np.empty(0, np.int64)
        self.line_units: NDArray[np.int64] = np.empty(0, np.int64)
        self._words = concepts
        self._facts_of = RowFacts(layers, concepts)
        self._facts: list[LayerFacts] = []
        self._dead = [np.asarray(layer.dead, bool) for layer in layers]
        self.rebuild()

    def note_check(self, check: str, neurons: Iterable[tuple[str, int]]) -> None:
        """Notes the neurons, by layer and unit, that a check of the check-up has found."""
        layers = {layer.name: layer.position for layer in self.layers}
        found: dict[int, list[int]] = {}
        for layer, unit in neurons:
            found.setdefault(layers[layer], []).append(unit)
        self.checks[check] = found

    def __len__(self) -> int:
        return len(self.line_units)

    def rebuild(self) -> None:
        """Filters and sorts the units of every layer, and lays out the lines."""
        self._facts = list(self._all_facts())
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

    def reason(self, neuron: Neuron) -> Reason | None:
        """Why the filter finds the neuron, where its class, its best concept and the reader's label do not show it."""
        facts, unit = self._facts[neuron.layer], neuron.unit
        best = -1 if facts.answer is None else int(facts.answer.best[unit])
        label = facts.said[unit].label if unit in facts.said else ""
        shown = f"{facts.classes[unit]}\n{label or (facts.concepts[best] if best >= 0 else '')}"
        return reason(self.filter, facts, unit, shown)

    @property
    def filter(self) -> Filter:
        return parse(self.query)

    @property
    def needs_answers(self) -> bool:
        """Whether the order or the filter reads the answers about all units."""
        term = self.filter.term
        return self.order.needs_answers or (term is not None and term.needs_answer)

    @property
    def needs_evidence(self) -> bool:
        """Whether the order or the filter reads evidence."""
        return self.order.needs_evidence or self.filter.needs_evidence

    @property
    def needs_matters(self) -> bool:
        """Whether the order or the filter reads the importance for a class."""
        return self.order.needs_matters or self.filter.needs_matters

    @property
    def figure(self) -> Figure:
        """The figure in the column of scores: the one that sorts, or that the filter compares; else what concepts are
        ranked by."""
        if self.order.place == "figure" and self.order.figure:
            return self.order.figure
        shown = (figure for figure in self.filter.figures if figure.word not in _WITH_A_PLACE)
        answers = (*(some.answer for some in self.some.values()), *self.answers)
        answer = next((answer for answer in answers if answer is not None), None)
        return next(shown, FIGURES["score" if answer is None else answer.cuts.ranking])

    @property
    def is_searching(self) -> bool:
        """Whether the filter finds more once answers or evidence have come."""
        term = self.filter.term
        return term is not None and not all(term.is_known(facts) for facts in self._facts)

    @property
    def asks_hidden(self) -> bool:
        """Whether the filter asks what other readers say, who are hidden."""
        return not self.shows_others and self.filter.asks_others(folded(self.reader))

    @property
    def hint(self) -> str:
        """What is wrong with the filter, or what it waits for; "" if nothing."""
        return self.filter.hint(self._facts_of.layer_names) or unknown_attribute(self.filter, self.evidence)

    @property
    def attributes(self) -> list[str]:
        """The attributes of the films and their values, as far as they were looked at."""
        return attribute_names(self.evidence)

    @property
    def match_count(self) -> int:
        return sum(len(matching) for matching in self.matches)

    def at(self, line: int) -> Neuron:
        """The neuron at a line; at a layer's own line, the layer with unit LAYER_LINE."""
        return Neuron(int(self.line_layers[line]), int(self.line_units[line]))

    def units_on_screen(self) -> dict[int, list[int]]:
        """The units whose lines are on screen, by layer."""
        found: dict[int, list[int]] = {}
        for line in self.lines_on_screen():
            if (neuron := self.at(line)).unit != LAYER_LINE:
                found.setdefault(neuron.layer, []).append(neuron.unit)
        return found

    def line_of(self, neuron: Neuron) -> int | None:
        """The line of a neuron (or, with unit LAYER_LINE, of a layer); None where it is not shown."""
        found = np.flatnonzero((self.line_layers == neuron.layer) & (self.line_units == neuron.unit))
        return int(found[0]) if len(found) else None

    def is_layer_line(self, line: int) -> bool:
        return bool(self.line_units[line] == LAYER_LINE)

    def line_of_layer(self, line: int) -> int:
        """The line of the layer that the neuron at a line belongs to."""
        return int(np.searchsorted(self.line_layers, self.line_layers[line]))

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

    def progress_found(self, layer: int | None = None) -> tuple[int, int]:
        """The same among the neurons that the filter leaves."""
        layers = range(len(self.layers)) if layer is None else [layer]
        undecided = sum(int(self._is_undecided(index)[self.matches[index]].sum()) for index in layers)
        living = sum(int((~self._dead[index][self.matches[index]]).sum()) for index in layers)
        return living - undecided, living

    def verdict_of(self, neuron: Neuron) -> Verdict | None:
        """The reader's own verdict, which may be hollow; None if there is none, and for a dead unit."""
        judgement = self.judgements.get(neuron)
        line = judgement.verdict if judgement and not self.is_dead(neuron) else None
        return line.verdict if line else None

    def label_of(self, neuron: Neuron) -> str:
        """The reader's own label; "" if there is none."""
        judgement = self.judgements.get(neuron)
        return (judgement.label.deed.text or "") if judgement and judgement.label else ""

    def note_of(self, neuron: Neuron) -> str:
        """The reader's note on a neuron; "" if there is none."""
        judgement = self.judgements.get(neuron)
        return (judgement.note.deed.text or "") if judgement and judgement.note else ""

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
        if line is None or (found := self.found(neuron)) is None:
            return False
        answer, place = found
        words = tuple(self._words[concept] for concept in answer.words.of_unit(place))
        return not is_of(line, self.run, words)

    def differs(self, neuron: Neuron) -> bool:
        """Whether readers differ on a neuron and have not settled it."""
        return neuron in self.compared and self.compared[neuron].is_open

    def next_undecided(self, start: Neuron, step: int) -> tuple[Neuron | None, bool]:
        """The next living neuron that is not decided (with step −1 the previous, with 3 the third) in the order shown,
        cyclically, and whether it comes after the last (or before the first). None if there is no other."""
        wanted = [self._is_undecided(layer)[found] for layer, found in enumerate(self.matches)]
        place, round_the_end = next_place(self.matches, wanted, (start.layer, start.unit), step)
        return None if place is None else Neuron(*place), round_the_end

    def _is_undecided(self, layer: int) -> NDArray[np.bool_]:
        """Living units that are not decided by now, [units]."""
        found = ~self._dead[layer]
        found[[each.unit for each in self.judgements if each.layer == layer and self.is_decided(each)]] = False
        return found

    def _ordered(self, layer: int, units: NDArray[np.int64]) -> NDArray[np.int64]:
        facts = self._facts[layer]
        compared = self._facts_of.units(layer, facts, self.findings[layer])
        keys = self.order.keys(compared, flipped=self.flipped)
        return units[np.lexsort([key[units] for key in keys])] if keys else units

    def _matching(self, layer: int) -> NDArray[np.int64]:
        term, facts = self.filter.term, self._facts[layer]
        return np.arange(facts.units) if term is None else np.flatnonzero(term.holds(facts))

    def _all_facts(self) -> Iterator[LayerFacts]:
        count = len(self.layers)
        said = said_of(self.judgements, count, self.run)
        others = {reader: said_of(judgements, count, self.run) for reader, judgements in self.others.items()}
        for layer in range(count):
            yield self._facts_of.facts(
                layer,
                answer=None if layer in self.some else self.answers[layer],
                evidence=self.evidence[layer],
                findings=self.findings[layer],
                matters=self.matters[layer] if self.matters else None,
                reader=folded(self.reader),
                said=said[layer],
                others={reader: each[layer] for reader, each in others.items()},
                checks={name: units.get(layer, []) for name, units in self.checks.items()},
                hollow=partial(self._hollow, layer),
                differ=partial(self._differ, layer),
            )

    def _hollow(self, layer: int) -> list[int]:
        return [neuron.unit for neuron in self.judgements if neuron.layer == layer and self.is_hollow(neuron)]

    def _differ(self, layer: int) -> list[int]:
        return [neuron.unit for neuron in self.compared if neuron.layer == layer and self.differs(neuron)]
