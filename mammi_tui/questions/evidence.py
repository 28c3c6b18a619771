"""How far words can be trusted, for one neuron and for all units of a layer. Asked after all quick questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.timer import Timer

from engine.errors import MammiError
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.layer import LayerQuestion, layer_wanted
from mammi_tui.questions.neuron import NeuronQuestion

if TYPE_CHECKING:
    from engine.evidence.answers import LayerEvidence, NeuronEvidence

STILL, QUIET = 0.08, 0.4
"""Seconds without a change of α, β or the concept set before evidence is asked for: first that of the neuron, longer
than a key held down takes to repeat; then that of its layer, which takes seconds on large runs and cannot be
cancelled"""
SOON_COMPUTED = 5_000_000
"""Activations of a layer, images by units, up to which evidence is wanted from the start: it takes a second or two at
most"""
IDLE, IDLE_OF_LARGE_RUNS = 2.0, 10.0
"""Seconds without a move before the evidence of the other layers is computed, one layer after the other; the second
where a layer takes long, as the reader who comes back has to wait for the one under way"""


@dataclass(frozen=True, slots=True)
class EvidenceQuestion(NeuronQuestion):
    """About one neuron."""


@dataclass(frozen=True, slots=True)
class LayerEvidenceQuestion(LayerQuestion):
    """About all units of a layer."""

    traits: bool = False
    """Whether attributes of the films are looked at too where that takes long"""


@dataclass
class EvidenceAnswered(Answer):
    question: EvidenceQuestion
    evidence: NeuronEvidence | None
    reason: str = ""
    """Why there is no evidence"""


@dataclass
class LayerEvidenceAnswered(Answer):
    question: LayerEvidenceQuestion
    evidence: LayerEvidence


@dataclass
class LayerEvidenceUnderway(Message, bubble=False):
    """The computation of a layer's evidence has begun, or ended with none to follow."""

    layer: int | None


class EvidenceAsker(Asker):
    """Asks about the neuron that the reader looks at, then about its layer and those that the view lists units of.

    It asks about other layers at once only when the reader sorts by evidence (the open ones) or filters by it (all),
    and else in the background: the open ones, and those whose evidence is not known at any cuts. On large runs nothing
    is asked at once before the reader has turned to a view that wants evidence.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        most = max((layer.units for layer in self.looking.rows.layers), default=0)
        self.called = self.looking.reader.image_count * most <= SOON_COMPUTED
        self.in_background = True
        """Whether layers that nothing on screen needs get their evidence while the reader rests"""
        self._idle_after = IDLE if self.called else IDLE_OF_LARGE_RUNS
        self._idle = False
        self._idle_timer: Timer | None = None
        self._sight = self.looking.sight
        self._neuron_lane = self.add_lane("evidence", self._neuron_wanted, self._ask_neuron)
        self._layer_lane = self.add_lane("layer evidence", self._layer_wanted, self._ask_layer)
        self._cuts = self.looking.cuts
        self._still = self._quiet = True
        """Whether nothing has moved for STILL, and for QUIET seconds"""
        self._timers: list[Timer] = []
        self._underway: int | None = None

    def call(self, called: bool) -> None:
        """Once called, evidence is wanted in every view: the concepts have its sentence below them."""
        self.called |= called

    def pump(self) -> None:
        if self.looking.cuts != self._cuts:
            self._cuts = self.looking.cuts
            self._wait(STILL)
        if self._idle_timer is None or self.looking.sight != self._sight:
            self._wait_until_idle()
        super().pump()
        asking = self._layer_lane.asking
        if (layer := None if asking is None else asking.layer) != self._underway:
            self._underway = layer
            self.desk.post(LayerEvidenceUnderway(layer))

    def _wait_until_idle(self) -> None:
        self._sight, self._idle = self.looking.sight, False
        if self._idle_timer:
            self._idle_timer.stop()
        self._idle_timer = self.desk.owner.set_timer(self._idle_after, self._become_idle)

    def _become_idle(self) -> None:
        self._idle = True
        self.desk.ask()

    def hold(self) -> None:
        """Waits until nothing has moved for a while."""
        self._wait(QUIET)

    def _wait(self, still: float) -> None:
        """Asks nothing for `still` seconds, and about no layer for QUIET seconds."""
        self._still = self._quiet = False
        for timer in self._timers:
            timer.stop()
        owner = self.desk.owner
        self._timers = [owner.set_timer(still, self._come_to_a_stop), owner.set_timer(QUIET, self._end_hold)]

    def _come_to_a_stop(self) -> None:
        self._still = True
        self.desk.ask()

    def _end_hold(self) -> None:
        self._still = self._quiet = True
        self.desk.ask()

    @property
    def at_rest(self) -> bool:
        return super().at_rest and (self._quiet or not self._is_wanted)

    @property
    def _is_wanted(self) -> bool:
        return self.called or self.looking.rows.needs_evidence

    def _neuron_wanted(self) -> EvidenceQuestion | None:
        neuron = self.looking.neuron
        if neuron is None or self.looking.awaits_neuron or not self._is_wanted or not self._still:
            return None
        return EvidenceQuestion(neuron, self.looking.cuts)

    def _layer_wanted(self) -> LayerEvidenceQuestion | None:
        if not self._quiet or self._neuron_lane.wants or layer_wanted(self.looking):
            return None
        rows, cuts = self.looking.rows, self.looking.cuts
        layers: list[int] = []
        if self._is_wanted and self.looking.neuron:
            layers.append(self.looking.neuron.layer)
            layers += self.looking.layers_beside
        if rows.filter.needs_evidence:
            layers += range(len(rows.layers))
        elif rows.order.needs_evidence:
            layers += sorted(rows.open)
        if self._idle and self.in_background:
            layers += sorted(rows.open)
            layers += (layer for layer, known in enumerate(rows.evidence) if known is None)
        for layer in layers:
            stored, traits = rows.evidence[layer], rows.filter.needs_traits
            if stored is None or stored.cuts != cuts or (traits and stored.traits is None):
                return LayerEvidenceQuestion(layer, cuts, traits)
        return None

    def _ask_neuron(self, question: EvidenceQuestion) -> EvidenceAnswered:
        layer = self.looking.layer_name(question.neuron.layer)
        try:
            found = self.looking.sources.evidence().neuron(layer, question.neuron.unit, question.cuts)
        except MammiError as error:
            return EvidenceAnswered(question, None, str(error))
        return EvidenceAnswered(question, found)

    def _ask_layer(self, question: LayerEvidenceQuestion) -> LayerEvidenceAnswered:
        name, evidence = self.looking.layer_name(question.layer), self.looking.sources.evidence()
        if question.traits:
            evidence.traits_of(self.looking.reader.layer(name), look=True)
        return LayerEvidenceAnswered(question, evidence.layer(name, question.cuts))

    def take(self, answer: EvidenceAnswered | LayerEvidenceAnswered, *, wanted: bool) -> bool:
        if isinstance(answer, EvidenceAnswered):
            if wanted:
                self.looking.evidence = answer.evidence
            return wanted
        if answer.question.cuts != self.looking.cuts:
            return False
        self.looking.rows.evidence[answer.question.layer] = answer.evidence
        return True
