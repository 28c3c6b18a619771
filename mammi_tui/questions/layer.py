"""One layer: the best concept and the number of representative images of each unit, those on screen first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual.timer import Timer

from engine.annotation.cuts import Cuts
from engine.requery import LayerAnswer
from mammi_tui.neurons.rows import Neuron
from mammi_tui.neurons.some_units import SomeUnits
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.looking import Looking

STILL = 0.08
"""Seconds without a change of the cuts before a whole layer is asked for that nothing on screen waits for: longer than
a key held down takes to repeat"""


@dataclass(frozen=True, slots=True)
class LayerQuestion:
    layer: int
    cuts: Cuts


@dataclass(frozen=True, slots=True)
class RowsQuestion(LayerQuestion):
    """About some units of a layer."""

    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AheadQuestion(LayerQuestion):
    """About a layer that nothing on screen needs yet."""


@dataclass
class LayerAnswered(Answer):
    question: LayerQuestion
    answer: LayerAnswer
    findings: Sequence[str]
    """For each unit, the label that most of its representative images carry at the run's own α"""


@dataclass
class RowsAnswered(Answer):
    question: RowsQuestion
    answer: LayerAnswer
    """About the units of the question alone, in their order"""
    findings: Sequence[str]
    """As those of LayerAnswered: of all units of the layer"""


def layer_wanted(looking: Looking) -> LayerQuestion | None:
    """The neuron's layer, then the head's where a film or a class is looked at, then the other open layers; with a
    filter all layers, because it searches best concepts."""
    if looking.awaits_neuron:
        return None
    rows = looking.rows
    layers = [looking.neuron.layer] if looking.neuron else []
    layers += looking.layers_beside
    layers += range(len(rows.layers)) if rows.query else sorted(rows.open)
    for layer in layers:
        answer = rows.answers[layer]
        if answer is None or answer.cuts != looking.cuts:
            return LayerQuestion(layer, looking.cuts)
    return None


def rows_wanted(looking: Looking) -> RowsQuestion | None:
    """The units on screen that are not known at the present cuts, of one layer after the other.

    None where the filter or the order needs all units, as lines must not change before their order does, and where the
    whole layer is at hand.
    """
    rows, cuts, own = looking.rows, looking.cuts, looking.cuts == looking.reader.info.cuts
    if looking.awaits_neuron or rows.needs_answers:
        return None
    for layer, units in rows.units_on_screen().items():
        answer, some = rows.answers[layer], rows.some.get(layer)
        if some is None and answer is not None and answer.cuts == cuts:
            continue
        if own and looking.requery.holds_own(looking.layer_name(layer)):
            continue
        known = some.places if some is not None and some.answer.cuts == cuts else {}
        if unknown := tuple(unit for unit in units if unit not in known):
            return RowsQuestion(layer, cuts, unknown)
    return None


class RowsAsker(Asker):
    """Asks about the neurons on screen, which takes as long however many the layer has."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("rows", lambda: rows_wanted(self.looking), self._ask)

    @property
    def quick(self) -> bool:
        return True

    def _ask(self, question: RowsQuestion) -> RowsAnswered:
        looking, name = self.looking, self.looking.layer_name(question.layer)
        answer = looking.requery.some(name, np.array(question.units, dtype=np.int64), question.cuts)
        return RowsAnswered(question, answer, looking.sources.findings(name))

    def take(self, answer: RowsAnswered, *, wanted: bool) -> bool:  # noqa: ARG002
        """Adds to what is known of the layer at these cuts, unless all is known by now."""
        rows, layer, cuts = self.looking.rows, answer.question.layer, answer.question.cuts
        if cuts != self.looking.cuts:
            return False
        rows.findings[layer] = answer.findings
        whole, before = rows.answers[layer], rows.some.pop(layer, None)
        if whole is None or whole.cuts != cuts:
            found = SomeUnits.of(answer.question.units, answer.answer)
            rows.some[layer] = before.joined(found) if before and before.answer.cuts == cuts else found
        return True


class LayerAsker(Asker):
    """Asks about one whole layer after the other, once what is on screen is known.

    While the cuts move, it waits, unless the filter, the order or the view needs all units. While nothing else is
    wanted it looks ahead at the layers that are not open, at the run's own cuts: there the answers are stored, and the
    re-query keeps them.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._cuts = self.looking.cuts
        self._timer: Timer | None = None
        self._ahead: set[int] = set()
        """The layers that were looked ahead at"""
        self.add_lane("layer", self._wanted, self._ask)
        self.add_lane("layer ahead", self._wanted_ahead, self._ask)

    def pump(self) -> None:
        if self.looking.cuts != self._cuts:
            self._cuts = self.looking.cuts
            if self._timer:
                self._timer.stop()
            self._timer = self.desk.owner.set_timer(STILL, self._come_to_a_stop)
        super().pump()

    def _come_to_a_stop(self) -> None:
        self._timer = None
        self.desk.ask()

    @property
    def at_rest(self) -> bool:
        return self._timer is None and super().at_rest

    @property
    def quick(self) -> bool:
        """Only where the first frame needs all units."""
        return self.looking.rows.needs_answers

    def _wanted(self) -> LayerQuestion | None:
        looking = self.looking
        if rows_wanted(looking) or (self._timer and not self._is_needed):
            return None
        return layer_wanted(looking)

    @property
    def _is_needed(self) -> bool:
        """Whether what is on screen depends on all units of a layer."""
        looking = self.looking
        if looking.cuts == looking.reader.info.cuts:
            return True  # it is stored
        return looking.rows.needs_answers or not isinstance(looking.subject, Neuron)

    def _wanted_ahead(self) -> AheadQuestion | None:
        looking = self.looking
        if not looking.warm or looking.cuts != looking.reader.info.cuts or layer_wanted(looking):
            return None
        layer = next((layer for layer in range(len(looking.rows.layers)) if layer not in self._ahead), None)
        return None if layer is None else AheadQuestion(layer, looking.cuts)

    def _ask(self, question: LayerQuestion) -> LayerAnswered:
        name = self.looking.layer_name(question.layer)
        answer = self.looking.requery.layer(name, question.cuts)
        return LayerAnswered(question, answer, self.looking.sources.findings(name))

    def take(self, answer: LayerAnswered, *, wanted: bool) -> bool:  # noqa: ARG002
        """Stores a layer's answer even if another layer is wanted by now."""
        rows, layer = self.looking.rows, answer.question.layer
        if isinstance(answer.question, AheadQuestion):
            self._ahead.add(layer)
            return False
        if answer.question.cuts != self.looking.cuts:
            return False
        rows.answers[layer], rows.findings[layer] = answer.answer, answer.findings
        rows.some.pop(layer, None)
        return True
