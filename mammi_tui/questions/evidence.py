"""The questions of evidence and of methods, asked after those of concepts; on large runs only when they are wanted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer

from engine.errors import MammiError
from engine.evidence.answers import NeuronEvidence
from engine.store.reader import RunReader
from mammi_tui.lane import Lane
from mammi_tui.questions.messages import EvidenceAnswered, LayerEvidenceAnswered, MethodAnswered, MethodsKnown
from mammi_tui.questions.neuron import AskingScreen, LayerQuestion, NeuronQuestion
from mammi_tui.questions.sources import Sources
from mammi_tui.questions.start import Start
from mammi_tui.views.method_columns import MethodColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

QUIET = 0.25
"""Seconds without a move of α, β or the concept set before evidence is asked: the first answer at another α takes the
whole layer, on large runs seconds, and cannot be called back."""
SOON_KNOWN = 5000
"""Images up to which evidence counts as called up from the start: a layer's takes a second or two at most."""
PATIENCE = 0.15
"""Seconds after which what is on screen, and no longer what is looked at, is dimmed."""
FIRST_OF_A_LAYER = "being computed; the first of a layer may take seconds"


class EvidenceAsking(AskingScreen):
    """`evidence_called_up` and `wants_methods` say what is asked.

    Evidence of the neuron looked at comes first, then that of its layer, which the first has computed. Other layers
    are asked only when they are sorted by evidence (the open ones) or filtered by it (all). Each method has a lane of
    its own, so that a slow one holds up no other.
    """

    def __init__(self, reader: RunReader, start: Start) -> None:
        super().__init__(reader, start)
        self.sources = Sources(reader, self.requery)
        self.evidence_called_up = reader.image_count <= SOON_KNOWN
        self.wants_methods = False
        self.layer_evidence_lane = Lane(self, "layer evidence", self._layer_evidence_wanted, self._ask_layer_evidence)
        self.lanes += [
            Lane(self, "evidence", self._evidence_wanted, self._ask_evidence),
            Lane(self, "methods", self._methods_wanted, self._ask_methods),
            self.layer_evidence_lane,
        ]
        self._evidence: EvidenceAnswered | None = None
        self._titles: dict[str, str] | None = None
        self._method_answers: dict[str, MethodAnswered] = {}
        self._cuts = start.cuts
        self._quiet = True
        self._quiet_timer: Timer | None = None
        self._patience: Timer | None = None
        self._impatient = False

    def show_evidence(self, evidence: NeuronEvidence | None, reason: str) -> None:
        """Draws the evidence of the neuron looked at, or why it cannot be had."""
        raise NotImplementedError

    def show_methods(self, columns: Sequence[MethodColumn], reason: str) -> None:
        """Draws what the methods say of the neuron looked at."""
        raise NotImplementedError

    def show_layer_evidence(self) -> None:
        """Draws what the layers' evidence says."""
        raise NotImplementedError

    def show_underway(self, underway: bool) -> None:
        """Says whether a layer's evidence is being computed."""
        raise NotImplementedError

    def dim(self, *, evidence: bool, methods: bool) -> None:
        """Marks what is on screen and not what is looked at."""
        raise NotImplementedError

    def ask(self) -> None:
        if self.cuts != self._cuts:
            self._cuts = self.cuts
            self.hold_evidence()
        super().ask()
        self.show_underway(not self.layer_evidence_lane.idle)
        self._wait()

    def hold_evidence(self) -> None:
        """Evidence is asked when nothing has moved for a moment."""
        self._quiet = False
        if self._quiet_timer:
            self._quiet_timer.stop()
        self._quiet_timer = self.set_timer(QUIET, self._grown_quiet)

    @property
    def wants_evidence(self) -> bool:
        """From the start on small runs; else once it was called up, or while neurons are sorted or filtered by it."""
        return self.evidence_called_up or self.rows.needs_evidence

    @property
    def at_rest(self) -> bool:
        return super().at_rest and (self._quiet or not self.wants_evidence)

    def _grown_quiet(self) -> None:
        self._quiet = True
        self.ask()

    # What is wanted

    @property
    def _looked_at(self) -> NeuronQuestion | None:
        """None until the neuron's concepts are on screen: they come first."""
        if self.neuron is None or self.answer_on_screen() is None:
            return None
        return NeuronQuestion(self.neuron, self.cuts)

    def _evidence_wanted(self) -> NeuronQuestion | None:
        asked = self._looked_at if self.wants_evidence and self._quiet else None
        return None if self._evidence and self._evidence.question == asked else asked

    def _methods_wanted(self) -> str | None:
        return "titles" if self.wants_methods and self._titles is None else None

    def _method_wanted(self, name: str) -> NeuronQuestion | None:
        asked = self._looked_at if self.wants_methods else None
        known = self._method_answers.get(name)
        return None if known and known.question == asked else asked

    def _layer_evidence_wanted(self) -> LayerQuestion | None:
        if not self.wants_evidence or not self._quiet or self._evidence_wanted() or self._layer_wanted():
            return None
        layers = [self.neuron.layer] if self.neuron else []
        if self.rows.filter.needs_evidence:
            layers += range(len(self.rows.layers))
        elif self.rows.order.needs_evidence:
            layers += sorted(self.rows.open)
        wanting = (layer for layer in layers if not self.evidence_is_current(layer))
        layer = next(wanting, None)
        return None if layer is None else LayerQuestion(layer, self.cuts)

    def evidence_is_current(self, layer: int) -> bool:
        """Whether what is known of a layer's evidence is at the α and β and for the concept set looked at."""
        known = self.rows.evidence[layer]
        return known is not None and known.cuts == self._cuts

    # Asking, on worker threads

    def _ask_evidence(self, asked: NeuronQuestion) -> EvidenceAnswered:
        neuron, cuts = asked
        layer = self.rows.layers[neuron.layer].name
        try:
            found = self.sources.evidence().neuron(layer, neuron.unit, cuts)
        except MammiError as error:
            return EvidenceAnswered(asked, None, str(error))
        return EvidenceAnswered(asked, found)

    def _ask_layer_evidence(self, asked: LayerQuestion) -> LayerEvidenceAnswered:
        name = self.rows.layers[asked.layer].name
        found = self.sources.evidence().layer(name, asked.cuts)
        return LayerEvidenceAnswered(asked, found)

    def _ask_methods(self, _: str) -> MethodsKnown:
        return MethodsKnown({method.name: method.title for method in self.sources.panel().methods})

    def _ask_method(self, name: str, asked: NeuronQuestion) -> MethodAnswered:
        neuron, cuts = asked
        layer = self.rows.layers[neuron.layer].name
        try:
            found = self.sources.panel().answer(name, layer, neuron.unit, cuts)
        except MammiError as error:
            return MethodAnswered(name, asked, None, str(error))
        return MethodAnswered(name, asked, found)

    # Answers

    def on_evidence_answered(self, message: EvidenceAnswered) -> None:
        if self._settle("evidence"):
            self._evidence = message
            self._rest()
            self.show_evidence(message.evidence, message.reason)
        self.ask()

    def on_layer_evidence_answered(self, message: LayerEvidenceAnswered) -> None:
        self._settle("layer evidence")
        if message.question.cuts == self._cuts:
            self.rows.evidence[message.question.layer] = message.evidence
        self.show_layer_evidence()
        self.ask()

    def on_methods_known(self, message: MethodsKnown) -> None:
        self._settle("methods")
        self._titles = message.titles
        for name in message.titles:
            lane = Lane(self, f"method {name}", partial(self._method_wanted, name), partial(self._ask_method, name))
            self.lanes.append(lane)
        self.ask()

    def on_method_answered(self, message: MethodAnswered) -> None:
        if self._settle(f"method {message.method}"):
            self._method_answers[message.method] = message
            self._draw_methods()
        self.ask()

    def _settle(self, name: str) -> bool:
        return next(lane for lane in self.lanes if lane.name == name).settle()

    def _draw_methods(self) -> None:
        """Columns of the neuron looked at, once one of them is known; until then the view shows the one before."""
        known = {name: said for name, said in self._method_answers.items() if said.question.neuron == self.neuron}
        if not known or self._titles is None:
            return
        columns = []
        for name, title in self._titles.items():
            if said := known.get(name):
                stale = self._impatient and self._method_wanted(name) is not None
                columns.append(MethodColumn(title, said.answer, said.reason, stale))
            else:
                columns.append(MethodColumn(title, reason=FIRST_OF_A_LAYER if self._impatient else "…"))
        self.show_methods(columns, "")

    # Waiting

    def _wait(self) -> None:
        """Dims what has been on screen too long for what is looked at."""
        methods = [self._method_wanted(name) for name in self._titles or ()]
        waiting = self._evidence_is_old or any(methods) or self._methods_wanted() is not None
        if waiting and self._patience is None:
            self._patience = self.set_timer(PATIENCE, self._lose_patience)
        elif self._impatient:
            self._dim()
        if not waiting:
            self._rest()

    def _lose_patience(self) -> None:
        self._impatient = True
        self._dim()

    def _rest(self) -> None:
        if self._patience:
            self._patience.stop()
        self._patience, self._impatient = None, False

    def _dim(self) -> None:
        self._draw_methods()
        others = [said.question.neuron != self.neuron for said in self._method_answers.values()]
        self.dim(evidence=self._evidence_is_old, methods=bool(others) and all(others))

    @property
    def _evidence_is_old(self) -> bool:
        """Whether the evidence shown is not that of what is looked at."""
        if not self.wants_evidence or self._evidence is None or self.neuron is None:
            return False
        return self._evidence.question != NeuronQuestion(self.neuron, self.cuts)
