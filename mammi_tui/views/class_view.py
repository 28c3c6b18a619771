"""The class view: which neurons matter for a finding, how well the model finds it, and the words for and against it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from engine.decisions.answers import ClassAnswer
from engine.decisions.classes import explained, words_that_speak
from engine.decisions.outputs import output_named
from engine.evidence.columns import TRUST
from engine.names import compared, labels_of, nearest_label
from engine.store.decision_records import OVER
from engine.store.reader import RunReader
from mammi_tui.handing_on.table import Table
from mammi_tui.neurons.figures import TRUST_WORDS
from mammi_tui.neurons.rows import Neuron
from mammi_tui.notes import Note
from mammi_tui.questions.classes import ClassAnswered, ClassAsker
from mammi_tui.questions.evidence import EvidenceAsker, LayerEvidenceAnswered
from mammi_tui.questions.layer import LayerAnswered
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.subjects import ClassSubject, ConceptSubject, FilmSubject, Subject
from mammi_tui.text import clean, count
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.class_facts import ClassFacts, Fact, explained_facts, facts_of, word_facts
from mammi_tui.views.class_units import WORDS, ClassUnits
from mammi_tui.views.missing import said_missing
from mammi_tui.widgets.heads import Heads


class ClassBody(ViewBody):
    """The units on the left, the figures and words on the right; below them where the screen is narrow."""

    DEFAULT_CSS = """
    ClassBody {
        #class-lists { layout: horizontal; height: 1fr; width: 1fr; }
        #class-left { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.units = ClassUnits(reader.concepts, id="class-units")
        self.facts = ClassFacts(id="class-facts")
        self._heads = Heads(self.units, self.units.heads)
        self._answer: ClassAnswer | None = None

    def compose(self) -> ComposeResult:
        with Container(id="class-lists"):
            with Vertical(id="class-left"):
                yield self._heads
                yield self.units
            yield self.facts

    @property
    def reading(self) -> Widget:
        return self.facts if self.screen.focused is self.facts else self.units

    @on(ClassAnswered)
    def show_class(self, message: ClassAnswered) -> None:
        self.shown, self._answer = message.question.sight, message.answer
        self.units.rows = self.rows
        self.units.show(message.answer, self._reasons(message.answer))
        self.changed()

    def _reasons(self, answer: ClassAnswer) -> list[str]:
        """Why no unit has importance for the class."""
        if answer.first:
            return []
        if answer.number is None and self.reader.classes:
            near = nearest_label(answer.name, self.reader.classes)
            named = f"; the nearest is {clean(near)}" if near else ""
            return [f"{clean(answer.name)} is none of the model's outputs{named}."]
        said = said_missing(answer.missing, ("outputs", "importance"))
        return said or ["No film has an importance for this class."]

    @on(ClassUnits.Changed)
    @on(LayerAnswered)
    @on(LayerEvidenceAnswered)
    def show_facts(self) -> None:
        """Draws what depends on the layer on screen, its words and its grades."""
        if self._answer is not None:
            self.units.redraw()
            self._heads.redraw()
            self.facts.show(partial(self._facts, self._answer))
            self.post_message(self.Changed())

    def _facts(self, answer: ClassAnswer, width: int) -> Iterator[Fact]:
        yield from facts_of(answer, width)
        layer, rows, values = self.units.position, self.rows, self.units.values
        found = rows.answers[layer] if rows and layer >= 0 else None
        if rows is None or found is None or not len(values):
            return
        graded = rows.evidence[layer]
        trust = None if graded is None else graded[TRUST]
        values = np.nan_to_num(values)
        yield from explained_facts(explained(values, trust, found.annotated > 0))
        yield from word_facts(words_that_speak(values, found.words), self.reader.concepts)

    @on(ClassUnits.Right)
    def go_right(self, event: ClassUnits.Right) -> None:
        event.stop()
        self.screen.set_focus(self.facts)

    @on(ClassFacts.Left)
    def go_left(self, event: ClassFacts.Left) -> None:
        event.stop()
        self.screen.set_focus(self.units)

    @on(ClassUnits.Chosen)
    def open_unit(self, event: ClassUnits.Chosen) -> None:
        event.stop()
        self.post_message(self.SubjectWanted(event.neuron))

    @on(ClassFacts.Chosen)
    def open_fact(self, event: ClassFacts.Chosen) -> None:
        event.stop()
        self.post_message(self.SubjectWanted(event.subject))

    def dim(self, old: bool) -> None:
        self.stale = old

    def subtitle(self, room: int) -> str:
        units, over = self.units, self.units.over
        if over is None:
            return ""
        layer = clean(self.reader.layers[units.position].name)
        beyond = " beyond the mean" if units.beyond else ""
        films = f"mean over {count(units.films(over), 'film')}: {WORDS[over]}{beyond}"
        return next((text for text in (f"{layer} · {films}", films) if len(text) <= room), WORDS[over])

    def table(self) -> Table | None:
        """Every unit of the layer on screen, with its mean importance over each kind of film."""
        answer, rows, layer = self._answer, self.rows, self.units.position
        if answer is None or rows is None or layer not in answer.shares:
            return None
        shares, evidence, found = answer.shares[layer], rows.evidence[layer], rows.answers[layer]
        overs = [over for over in OVER if over in shares]
        columns = {"layer": "VARCHAR", "unit": "INTEGER", "class": "VARCHAR", "words": "VARCHAR[]", "trust": "VARCHAR"}
        columns |= {over.replace(" ", "_"): "DOUBLE" for over in overs}
        concepts, name = self.reader.concepts, self.reader.layers[layer].name
        lines = [
            (
                *(name, unit, answer.name),
                [concepts[concept] for concept in found.words.of_unit(unit)] if found else None,
                TRUST_WORDS[evidence[TRUST][unit]] if evidence else None,
                *(float(shares[over].means[unit]) if shares[over].films else None for over in overs),
            )
            for unit in self.units.in_order()
        ]
        return Table("importance", columns, lines, answer.name)


def class_of(looking: Looking) -> Subject | None:
    """The class of what is looked at: the one that a final unit stands for, the film's most striking output, the
    concept's namesake; else the one that was looked at last, or the first."""
    subject, reader = looking.subject, looking.reader
    classes = reader.classes or tuple(name for layer in reader.layers for name in layer.unit_names)
    found: str | None = None
    if isinstance(subject, Neuron):
        found = looking.rows.class_of(subject)
    elif isinstance(subject, FilmSubject) and (outcomes := looking.sources.outcomes()) is not None:
        found = classes[outcomes.most_striking(subject.image)]
    elif isinstance(subject, ConceptSubject):
        concept = reader.concepts[subject.concept]
        namesake = next((name for name in classes if compared(concept) in labels_of(name)), None)
        found = namesake or nearest_label(concept, classes)
    if found and (number := output_named(reader.classes, found)) is not None:
        found = reader.classes[number]
    name = found or looking.class_name or next(iter(classes), "")
    return ClassSubject(name)


HELP = Note(
    "Class",
    (
        ("adds", "What a unit adds to the class's output: activation times the output's slope, a · ∂y/∂a, as a mean "
                 "over films. Where the head is linear in the layer, weight times activation."),
        ("s", "Over which films: those labelled so, predicted so, true or false positives, missed ones, all; or false "
              "less true positives, for what drives false alarms."),
        ("w", "Beyond the mean: less the unit's mean over all films. What a unit adds to every film tells little."),
        ("AUROC", "The chance that a film labelled so has a higher output than one that is not. Its 95 % interval is "
                  "DeLong's; where patients have several films, these count as one (Obuchowski 1997)."),
        ("AUPRC", "Area under precision against recall; a model that knows nothing has the prevalence."),
        ("calibration error", "Mean distance between predicted probability and observed share in ten bins. Below it "
                              "both, a bar for each bin; · is an empty one."),
        ("importance", "The shares of the sizes of what all units add, by how well the units' words are supported."),
        ("words", "A unit's importance is split evenly among its words, and summed over units."),
    ),
)  # fmt: skip
CLASS = View(
    name="class",
    title="Class",
    purpose="Which neurons matter for a class, and how well the model finds it",
    body=ClassBody,
    takes=(ClassSubject,),
    asks=(ClassAsker, EvidenceAsker),
    key="C",
    instead=class_of,
    room="all",
    help=HELP,
)
