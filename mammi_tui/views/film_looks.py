"""How the film of the film view is looked at: zoom, window, outlines and heat maps, by keys that work in all of its
parts."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.message import Message

from engine.store.reader import RunReader
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.keyboard.counting_app import counted
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.film import FilmAnswered, HeatAnswered
from mammi_tui.questions.subjects import ClassSubject
from mammi_tui.text import clean
from mammi_tui.views.base import ViewBody
from mammi_tui.views.film_facts import FilmFacts
from mammi_tui.views.film_units import short
from mammi_tui.views.missing import said_shortly
from mammi_tui.widgets.large_film import LargeFilm


class FilmLooks(ViewBody):
    """The part of the film view that holds the film."""

    @dataclass
    class HeatWanted(Message):
        """Another heat map, or none, is to lie over the film."""

        of: Neuron | ClassSubject | None

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.film = LargeFilm(OffBackend(), id="film")
        self.facts = FilmFacts()
        self.answer: FilmAnswered | None = None
        self.unit: Neuron | None = None
        """The unit that the reader has chosen; None for the neuron whose films these are"""
        self.heat_kind = 0
        """0 for no heat map, 1 for the unit's, 2 for the class's"""
        self._heat: HeatAnswered | None = None
        self._heat_of: Neuron | ClassSubject | None = None

    @property
    def chosen_class(self) -> int | None:
        """The class whose units are shown; None where the run holds no outputs."""
        raise NotImplementedError

    # Heat

    def drop_heat(self) -> None:
        """Forgets the heat map of another film."""
        self._heat = None

    @on(HeatAnswered)
    def show_heat(self, message: HeatAnswered) -> None:
        answer = self.answer
        wanted = answer is not None and message.question.image == answer.question.subject.image
        if wanted and message.question.of == self._heat_of:
            lacking = said_shortly(self.reader.missing, (message.lacks, "outputs")) if message.lacks else ""
            message.reason = lacking or message.reason
            self._heat = message
            self.film.set_heat(message.mask)
            self.draw_facts()

    def draw_facts(self) -> None:
        of, question = self._heat_of, self.answer.question if self.answer else None
        name = clean(of.name) if isinstance(of, ClassSubject) else self._name_of(of) if of else ""
        other = question.neuron if question and question.neuron != question.subject.neuron else None
        self.facts.show(self.answer, self._name_of(other) if other else "", name, self._heat, self.film.said)

    def _name_of(self, neuron: Neuron) -> str:
        return clean(f"{short(self.reader.layers[neuron.layer].name)}:{neuron.unit}")

    def want_heat(self) -> None:
        """Asks for the heat map that is chosen, if it is another."""
        question = self.answer.question if self.answer else None
        number = self.chosen_class
        of: Neuron | ClassSubject | None = None
        if self.heat_kind == 1 and question:
            of = self.unit or question.neuron
        elif self.heat_kind == 2 and number is not None:
            of = ClassSubject(self.reader.classes[number])
        if of != self._heat_of:
            self._heat_of, self._heat = of, None
            self.film.set_heat(None)
            self.post_message(self.HeatWanted(of))
        self.draw_facts()

    @on(LargeFilm.Changed)
    def redraw_facts(self, event: LargeFilm.Changed) -> None:
        event.stop()
        self.draw_facts()

    def action_heat(self) -> None:
        self.heat_kind = (self.heat_kind + 1) % (3 if self.chosen_class is not None else 2)
        self.want_heat()

    # Keys

    def use_backend(self, backend: ImageBackend) -> None:
        self.film.backend = backend

    def action_toggle_outlines(self) -> None:
        self.film.outlined = not self.film.outlined
        self.film.draw_again()

    @counted
    def action_zoom(self, steps: int) -> None:
        self.film.zoom_by(steps)

    def action_fit(self) -> None:
        self.film.fit()

    def action_pan(self, across: float, down: float) -> None:
        self.film.pan(across, down)

    def action_window(self, level: float, width: float) -> None:
        self.film.move_window(level, width)

    def action_auto_window(self) -> None:
        self.film.auto_window()

    def action_invert(self) -> None:
        self.film.inverted = not self.film.inverted
        self.film.draw_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return (self.film.has_outlines or None) if action == "toggle_outlines" else True

    def action_toggle_info(self) -> None:
        self.facts.toggle_class("hidden")
