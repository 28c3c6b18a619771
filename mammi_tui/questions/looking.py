"""The state that questions are asked from: the run, its lines of neurons, and what the reader looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.annotation.cuts import Cuts
from engine.decisions.examples import STRONGEST, Examples, Range
from engine.evidence.columns import PATIENTS, Q_VALUE
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader
from mammi_tui.neurons.figures import TRUST_WORDS
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.questions.sources import Sources
from mammi_tui.questions.start import Start
from mammi_tui.questions.subjects import ClassSubject, FilmList, FilmSearch, FilmSubject, Sight, Subject
from mammi_tui.verdicts.lines import Evidence

if TYPE_CHECKING:
    from engine.evidence.answers import NeuronEvidence
    from mammi_tui.questions.comparison import Faced


class Looking:
    """The run, and what the reader looks at. After changing `cuts` or calling `look_at`, call `Desk.ask`."""

    def __init__(self, reader: RunReader, start: Start) -> None:
        self.reader = reader
        self.requery = Requery(reader)
        self.sources = Sources(reader, self.requery)
        self.rows = NeuronRows(reader.layers, reader.concepts)
        self.cuts: Cuts = start.cuts
        self.neuron: Neuron | None = self._first(start.neuron)
        """The subject, or the last subject that was a neuron, whose images and numbers stand beside every view"""
        self.subject: Subject | None = self.neuron
        self.films: FilmList | None = None
        """The films that the film view steps through"""
        self.faced: Faced | None = None
        """The neuron whose films stand beside those of its match in another run"""
        self.heat: Neuron | ClassSubject | None = None
        """Whose heat map lies over the film; None for none"""
        self.search = FilmSearch()
        """The film search that was looked at last"""
        self.class_name = ""
        """The class that was looked at last, itself or as an output of a film; "" for none"""
        self.range: Range = STRONGEST
        """Which of the neuron's images are shown; it stays from neuron to neuron"""
        self.examples: Examples | None = None
        """The last images from another range than the strongest"""
        self.warm = False
        """Whether what every later α and β needs has been loaded"""
        self.answer: NeuronAnswer | None = None
        """The last answer about a neuron"""
        self.evidence: NeuronEvidence | None = None
        """The last evidence of a neuron"""

    def look_at(self, subject: Subject) -> None:
        self.subject = subject
        if isinstance(subject, Neuron):
            self.neuron = subject
        elif isinstance(subject, FilmSearch):
            self.search = subject
        elif isinstance(subject, ClassSubject):
            self.class_name = subject.name
        elif isinstance(subject, FilmSubject) and subject.neuron is not None:
            self.neuron = subject.neuron

    @property
    def sight(self) -> Sight | None:
        return None if self.subject is None else Sight(self.subject, self.cuts)

    @property
    def answer_on_screen(self) -> NeuronAnswer | None:
        """The last answer, if it is about the present neuron at the present cuts."""
        answer, neuron = self.answer, self.neuron
        if answer is None or neuron is None or answer.cuts != self.cuts:
            return None
        return answer if (answer.layer, answer.unit) == (self.layer_name(neuron.layer), neuron.unit) else None

    @property
    def words_on_screen(self) -> tuple[str, ...] | None:
        """The annotated concepts of the present neuron at the present cuts; None before the answer has come."""
        answer = self.answer_on_screen
        if answer is None:
            return None
        return tuple(self.reader.concepts[concept] for concept in answer.ranking[: answer.annotated])

    @property
    def evidence_on_screen(self) -> Evidence | None:
        """What a verdict keeps of the evidence, if it is about the present neuron at the present cuts."""
        found, neuron = self.evidence, self.neuron
        if found is None or neuron is None or found.cuts != self.cuts:
            return None
        if (found.layer, found.unit) != (self.layer_name(neuron.layer), neuron.unit):
            return None
        q = float(found[Q_VALUE])
        return Evidence(TRUST_WORDS[found.trust], None if q != q else q, found.count, int(found[PATIENTS]))

    @property
    def layers_beside(self) -> tuple[int, ...]:
        """The layers whose units a view of something other than a neuron lists: the head's inputs, and for a class all
        layers whose importance the run holds."""
        if not isinstance(self.subject, FilmSubject | ClassSubject):
            return ()
        head = self.reader.head
        first = () if head is None or head.layer is None else (head.layer,)
        others = self.reader.important_layers if isinstance(self.subject, ClassSubject) else ()
        return tuple(dict.fromkeys((*first, *others)))

    @property
    def examples_on_screen(self) -> Examples | None:
        """The present neuron's images from the present range; None for its representative images, and before the answer
        has come."""
        found, neuron = self.examples, self.neuron
        if found is None or neuron is None or found.range != self.range:
            return None
        return found if (found.layer, found.unit) == (self.layer_name(neuron.layer), neuron.unit) else None

    @property
    def awaits_neuron(self) -> bool:
        """Whether the neuron's answer is still to come; other questions wait for it."""
        return self.neuron is not None and self.answer_on_screen is None

    def layer_name(self, layer: int) -> str:
        return self.rows.layers[layer].name

    def _first(self, start: tuple[str, int] | None) -> Neuron | None:
        """The neuron asked for, or the first living unit of the last layer."""
        layers = self.rows.layers
        if start is not None:
            return Neuron([layer.name for layer in layers].index(start[0]), start[1])
        if not layers:
            return None
        last = len(layers) - 1
        living = (unit for unit in range(layers[last].units) if not self.rows.is_dead(Neuron(last, unit)))
        return Neuron(last, next(living, 0))
