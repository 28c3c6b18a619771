"""One layer: the best concept and the number of representative images of each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.requery import LayerAnswer
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.looking import Looking


@dataclass(frozen=True, slots=True)
class LayerQuestion:
    layer: int
    cuts: Cuts


@dataclass
class LayerAnswered(Answer):
    question: LayerQuestion
    answer: LayerAnswer
    findings: Sequence[str]
    """For each unit, the label that most of its representative images carry at the run's own α"""


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


class LayerAsker(Asker):
    """Asks about one layer after the other."""

    quick = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("layer", lambda: layer_wanted(self.looking), self._ask)

    def _ask(self, question: LayerQuestion) -> LayerAnswered:
        name = self.looking.layer_name(question.layer)
        answer = self.looking.requery.layer(name, question.cuts)
        return LayerAnswered(question, answer, self.looking.reader.findings(name))

    def take(self, answer: LayerAnswered, *, wanted: bool) -> bool:  # noqa: ARG002
        """Stores a layer's answer even if another layer is wanted by now."""
        if answer.question.cuts != self.looking.cuts:
            return False
        self.looking.rows.answers[answer.question.layer] = answer.answer
        self.looking.rows.findings[answer.question.layer] = answer.findings
        return True
