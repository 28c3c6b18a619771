"""A neuron's images beyond its representative ones: from a tenth of its activations, the weakest, or random ones."""

from __future__ import annotations

from dataclasses import dataclass

from engine.decisions.examples import STRONGEST, Examples, Range, examples
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.images_of_neuron import ImagesOfNeuron


@dataclass(frozen=True, slots=True)
class ExamplesQuestion:
    neuron: Neuron
    range: Range
    words: tuple[str, ...]
    """The neuron's annotation: labels that it names come first"""


@dataclass
class ExamplesAnswered(Answer):
    question: ExamplesQuestion
    examples: Examples
    images: ImagesOfNeuron


class ExamplesAsker(Asker):
    """Asks about the neuron that the reader looks at while another range than the strongest is shown."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("examples", self._wanted, self._ask)

    def _wanted(self) -> ExamplesQuestion | None:
        looking = self.looking
        if looking.range == STRONGEST or looking.neuron is None or looking.words_on_screen is None:
            return None
        return ExamplesQuestion(looking.neuron, looking.range, looking.words_on_screen)

    def _ask(self, question: ExamplesQuestion) -> ExamplesAnswered:
        reader, neuron = self.looking.reader, question.neuron
        found = examples(reader, self.looking.layer_name(neuron.layer), neuron.unit, question.range)
        images = ImagesOfNeuron(reader, found.images, found.activations, found.ranks, question.words)
        return ExamplesAnswered(question, found, images)

    def take(self, answer: ExamplesAnswered, *, wanted: bool) -> bool:
        if wanted:
            self.looking.examples = answer.examples
        return wanted
