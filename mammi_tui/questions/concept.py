"""One concept: the neurons that have it over all layers, the concepts near it, and the films that match it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.annotation.cuts import Cuts
from engine.names import compared
from engine.store.records import ImageInfo
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.desk import Answer, Asker, Desk
from mammi_tui.questions.subjects import ConceptSubject, Sight

if TYPE_CHECKING:
    from engine.decisions.concepts import ConceptAnswer


@dataclass(frozen=True, slots=True)
class ConceptQuestion:
    subject: ConceptSubject
    cuts: Cuts
    neuron: Neuron | None
    """The neuron that was looked at before: which matching films leave it cold"""

    @property
    def sight(self) -> Sight:
        return Sight(self.subject, self.cuts)


@dataclass
class ConceptAnswered(Answer):
    question: ConceptQuestion
    answer: ConceptAnswer
    films: Mapping[int, ImageInfo]
    """What the run stores about the films of the answer, by image"""
    findings: Mapping[int, Sequence[str]]
    """For each unit of the layers, by position, the label that most of its images carry at the run's own α"""
    namesake: str
    """The class of the target model, or the label, that has the concept's name; "" for none"""


class ConceptAsker(Asker):
    """Asks about the concept that the reader looks at."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_lane("concept", self._wanted, self._ask)
        self._namesakes: Mapping[str, str] | None = None
        self._findings: Mapping[int, Sequence[str]] | None = None

    def _wanted(self) -> ConceptQuestion | None:
        looking = self.looking
        if not self.called or not isinstance(looking.subject, ConceptSubject):
            return None
        return ConceptQuestion(looking.subject, looking.cuts, looking.neuron)

    def _ask(self, question: ConceptQuestion) -> ConceptAnswered:
        looking, neuron = self.looking, question.neuron
        named = None if neuron is None else (looking.layer_name(neuron.layer), neuron.unit)
        answer = looking.sources.concepts().concept(question.subject.concept, question.cuts, named)
        images = dict.fromkeys([*answer.matches.images.tolist(), *answer.matches.cold.tolist()])
        infos = looking.reader.images(list(images))
        namesake = self._namesake(looking.reader.concepts[answer.concept])
        if self._findings is None:
            self._findings = {layer.position: looking.reader.findings(layer.name) for layer in looking.reader.layers}
        return ConceptAnswered(question, answer, dict(zip(images, infos, strict=True)), self._findings, namesake)

    def _namesake(self, concept: str) -> str:
        if self._namesakes is None:
            reader = self.looking.reader
            of_units = (name for layer in reader.layers for name in layer.unit_names)
            names = (*reader.classes, *of_units, *reader.label_table()[0])
            self._namesakes = {compared(name): name for name in reversed(names)}
        return self._namesakes.get(compared(concept), "")
