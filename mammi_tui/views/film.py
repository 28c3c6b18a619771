"""The film view: a film large, what the model says of it and why, and the films that are like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from engine.names import compared, labels_of
from engine.store.reader import RunReader
from mammi_tui.findings import outlines
from mammi_tui.handing_on.table import Table
from mammi_tui.keyboard.counting_app import counted
from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.evidence import LayerEvidenceAnswered
from mammi_tui.questions.film import FilmAnswered, FilmAsker, SimilarAnswered
from mammi_tui.questions.layer import LayerAnswered
from mammi_tui.questions.subjects import ClassSubject, ConceptSubject, FilmList, FilmSubject
from mammi_tui.text import clean
from mammi_tui.views.base import View
from mammi_tui.views.film_help import HELP
from mammi_tui.views.film_keys import KEYS
from mammi_tui.views.film_looks import FilmLooks
from mammi_tui.views.film_outputs import FilmOutputs
from mammi_tui.views.film_parts import FilmPart, Layout, laid_out
from mammi_tui.views.film_similar import FilmSimilar
from mammi_tui.views.film_tables import outputs_table, similar_table, units_table
from mammi_tui.views.film_units import FilmUnits, shares_of_units
from mammi_tui.views.missing import said_missing
from mammi_tui.widgets.large_film import LargeFilm
from mammi_tui.widgets.reasoned_list import ReasonedList

LEAST_OUTPUTS = 6
"""Lines of the outputs' part at least"""
NOTE = "A preview, not for diagnosis."


class FilmBody(FilmLooks):
    """The film on the left, on the right lists: outputs, the units behind one of them, similar films."""

    BINDING_GROUP_TITLE = "Film view"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    DEFAULT_CSS = """
    FilmBody {
        layout: horizontal;
        & #film-side, & #film-lists { height: 1fr; width: 1fr; }
        & LargeFilm { width: 1fr; height: 1fr; }
        & FilmPart.-outputs { height: 13fr; }
        & FilmPart.-units { height: 15fr; }
        & FilmPart.-similar { height: 8fr; }
        &.-low FilmPart { display: none; height: 1fr; }
        &.-low FilmPart.-at { display: block; }
        &.-narrow #film-side, &.-narrow #film-lists { display: none; width: 1fr; }
        &.-narrow #film-side.-at, &.-narrow #film-lists.-at { display: block; }
    }
    """

    class Closed(Message):
        """The reader goes back to where they were before the film."""

    @dataclass
    class Explained(Message):
        """The units behind this class's output are shown."""

        name: str

    class UnitMeant(Message):
        """The cursor among the units has come to one of them, or has gone from them: see `unit_meant`."""

    @dataclass
    class StepWanted(Message):
        """The reader wants another film of the list: `by` places on, or the one at a `place`, where −1 is the last."""

        by: int = 0
        place: int | None = None

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.outputs = FilmOutputs(id="film-outputs")
        self.units = FilmUnits(reader.concepts, id="film-units")
        self.similar = FilmSimilar(id="film-similar")
        self.parts = (
            FilmPart("outputs", "Outputs", self.outputs, "● labelled "),
            FilmPart("units", "Units", self.units),
            FilmPart("similar", "Similar films by the VLM", self.similar),
        )
        self.chosen: int | None = None
        """The class that the reader has chosen; None for the first one of each film"""
        self._at = 0
        """The part with the keys: 0 for the film, then those of `parts`"""
        self._layout = Layout(False, False, 0, 0)

    def compose(self) -> ComposeResult:
        with Vertical(id="film-side"):
            yield self.film
            yield self.facts
        with Vertical(id="film-lists"):
            yield from self.parts

    # Parts and sizes

    @property
    def reading(self) -> Widget:
        return (self.film, self.outputs, self.units, self.similar)[self._at]

    def on_mount(self) -> None:
        self.units.rows = self.rows
        self.parts[0].styles.max_height = max(LEAST_OUTPUTS, len(self.reader.classes) + 2)
        self._mark_part()

    def on_resize(self, event: events.Resize) -> None:
        layout = laid_out(*event.size)
        if layout != self._layout:
            self._layout = layout
            self.set_class(layout.narrow, "-narrow")
            self.set_class(layout.low, "-low")
            self.query_one("#film-side").styles.width = None if layout.narrow else layout.film
            self.facts.styles.height = layout.facts
            self._mark_part()
        self.call_after_refresh(self.draw_facts)

    def _mark_part(self) -> None:
        """Shows the part with the keys where not all fit, and says in its head which others there are."""
        self.facts.marked = self._at == 0
        self.facts.redraw()
        self.query("#film-side").set_class(self._at == 0, "-at")  # neither is there if the explorer is about to end
        self.query("#film-lists").set_class(self._at > 0, "-at")
        self.post_message(self.UnitMeant())
        for place, part in enumerate(self.parts, start=1):
            part.set_class(place == max(1, self._at), "-at")
            part.others = f"{key_of(self, 'film.part')} other parts" if self._layout.low else ""
            part.line.redraw()

    def action_part(self, step: int) -> None:
        """Goes to the next part, or to the one before."""
        self._at = (self._at + step) % (1 + len(self.parts))
        self._mark_part()
        self.screen.set_focus(self.reading)

    def on_descendant_focus(self) -> None:
        """Follows a click into another part."""
        for place, widget in enumerate((self.film, self.outputs, self.units, self.similar)):
            if self.screen.focused is widget and place != self._at:
                self._at = place
                self._mark_part()

    # Answers

    @on(FilmAnswered)
    def show_film(self, message: FilmAnswered) -> None:
        before, self.answer = self.answer, message
        subject = message.question.subject
        if before is None or before.question.subject != subject:
            self.drop_heat()
            if before is None or before.question.subject.neuron != subject.neuron:
                self.unit = None
                self.film.fit()
            if message.film is None:
                self.film.no_film(message.reason)
            else:
                self.film.set_film(message.film, outlines(message.info))
        self.shown = message.question.sight
        reason = self._missing("outputs") or "The run holds no outputs of the model."
        classes = {label for name in self.reader.classes for label in labels_of(name)}
        extra = [label for label in message.info.labels if compared(label) not in classes]
        self.outputs.show(message.decision.outputs, extra, reason, self.chosen)
        self._draw_units()
        self.want_heat()
        self.draw_facts()
        self.changed()
        self.refresh_bindings()

    @on(SimilarAnswered)
    def show_similar(self, message: SimilarAnswered) -> None:
        self.similar.show(message.films)

    @on(LayerAnswered)
    @on(LayerEvidenceAnswered)
    def redraw_units(self) -> None:
        if self.display:
            self.units.redraw()

    # What is shown

    @property
    def unit_meant(self) -> Neuron | None:
        """The unit under the cursor while the keys go to the units: a verdict is about it."""
        here = self.units.here() if self.reading is self.units else None
        return None if here is None else here.neuron

    @property
    def chosen_class(self) -> int | None:
        here = self.outputs.here()
        return None if here is None else here.number

    def _missing(self, *what: str) -> str:
        """Why the run lacks these, and what adds them; what lacks the outputs lacks all."""
        return next(iter(said_missing(self.reader.missing, ("outputs", *what))), "")

    def _draw_units(self) -> None:
        answer, number = self.answer, self.chosen_class
        if answer is None:
            return
        name = "" if number is None else self.reader.classes[number]
        layers = [layer.name for layer in self.reader.layers]
        units, sums = ([], ()) if number is None else shares_of_units(answer.decision, number, layers)
        missing = self._missing("head", "films") or "The run keeps no shares of units."
        self.units.show(units, missing)
        self.post_message(self.UnitMeant())
        self.parts[1].show(f"Units behind {clean(name)}" if name else "Units", sums)
        if name:
            self.post_message(self.Explained(name))

    @on(ReasonedList.Moved)
    def choose(self, event: ReasonedList.Moved) -> None:
        event.stop()
        if event.rows is self.outputs:
            self.chosen = self.chosen_class
            self._draw_units()
        elif event.rows is self.units and (here := self.units.here()) is not None and here.neuron is not None:
            self.unit = here.neuron
            self.post_message(self.UnitMeant())
        self.want_heat()

    @on(ReasonedList.Opened)
    def lead_on(self, event: ReasonedList.Opened) -> None:
        """Goes to what a line is about."""
        event.stop()
        if event.rows is self.outputs and (output := self.outputs.here()) is not None:
            self.post_message(self.SubjectWanted(ClassSubject(output.name)))
        elif event.rows is self.units and (unit := self.units.here()) is not None and unit.neuron is not None:
            self.post_message(self.SubjectWanted(unit.neuron))
        elif event.rows is self.similar and (film := self.similar.here()) is not None:
            images = tuple(each.info.image for each in self.similar.films)
            name = f"films like {self.answer.info.path}" if self.answer else "similar films"
            self.post_message(self.SubjectWanted(FilmSubject(film.info.image), FilmList(name, images)))

    @on(FilmUnits.WordWanted)
    def lead_to_concept(self, event: FilmUnits.WordWanted) -> None:
        event.stop()
        self.post_message(self.SubjectWanted(ConceptSubject(event.concept)))

    # Keys

    @on(LargeFilm.Left)
    def leave(self, event: LargeFilm.Left) -> None:
        event.stop()
        self.action_close()

    @on(LargeFilm.Stepped)
    def step_film(self, event: LargeFilm.Stepped) -> None:
        event.stop()
        self.post_message(self.StepWanted(by=event.by))

    @on(LargeFilm.Jumped)
    def jump_film(self, event: LargeFilm.Jumped) -> None:
        event.stop()
        self.post_message(self.StepWanted(place=event.place))

    @counted
    def action_step(self, by: int) -> None:
        self.post_message(self.StepWanted(by=by))

    def action_close(self) -> None:
        self.post_message(self.Closed())

    # For others

    def subtitle(self, room: int) -> str:
        return NOTE if room >= len(NOTE) else ""

    def table(self) -> Table | None:
        answer = self.answer
        if answer is None:
            return None
        if self._at == 2:
            return units_table(answer.info, self.chosen_class, self.reader, self.units)
        return similar_table(answer.info, self.similar.films) if self._at == 3 else outputs_table(answer)


FILM = View(
    name="film",
    title="Film",
    purpose="A film large, why the model says what it says of it, and films like it",
    body=FilmBody,
    takes=(FilmSubject,),
    asks=(FilmAsker,),
    room="all",
    help=HELP,
)
