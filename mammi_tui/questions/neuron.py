"""One neuron: its concept scores, its annotation and its representative images."""

from __future__ import annotations

from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.requery import NeuronAnswer
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.images_of_neuron import ImagesOfNeuron
from mammi_tui.questions.subjects import Sight


@dataclass(frozen=True, slots=True)
class NeuronQuestion:
    neuron: Neuron
    cuts: Cuts

    @property
    def sight(self) -> Sight:
        return Sight(self.neuron, self.cuts)


@dataclass
class NeuronAnswered(Answer):
    question: NeuronQuestion
    answer: NeuronAnswer
    representatives: ImagesOfNeuron


class NeuronAsker(Asker):
    """Asks about the neuron that the reader looks at, before anything else is asked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("neuron", self._wanted, self._ask)

    @property
    def quick(self) -> bool:
        return True

    def _wanted(self) -> NeuronQuestion | None:
        neuron = self.looking.neuron
        return NeuronQuestion(neuron, self.looking.cuts) if neuron and self.looking.awaits_neuron else None

    def _ask(self, question: NeuronQuestion) -> NeuronAnswered:
        name = self.looking.layer_name(question.neuron.layer)
        answer = self.looking.requery.neuron(name, question.neuron.unit, question.cuts)
        return NeuronAnswered(question, answer, ImagesOfNeuron.representative(self.looking.reader, answer))

    def take(self, answer: NeuronAnswered, *, wanted: bool) -> bool:
        if wanted:
            self.looking.answer = answer.answer
        return wanted
