"""The base of views. A view is a way of looking at a neuron, a class, a film or a concept, shown in pane 2.

A view is one file with its body and its declaration, and one line in mammi_tui/views/registry.py. Its key, its command
in the palette, its part of the help, its title and its place in the history follow from the declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from textual import on
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from engine.store.reader import RunReader
from mammi_tui.handing_on.table import Table
from mammi_tui.images.base import ImageBackend
from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.notes import Note
from mammi_tui.questions.desk import Asker, LookingAt
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.subjects import FilmList, Sight, Subject
from mammi_tui.verdicts.lines import ConceptMark

PATIENCE = 0.15
"""Seconds after which a view is dimmed while it still shows what is no longer looked at"""

Room = Literal["usual", "wide", "whole", "all"]
"""How wide pane 2 is where three panes fit: `wide` for lines with many figures, `whole` takes the images' place, `all`
the place of both other panes"""


class ViewBody(Vertical):
    """The widget of a view. The answers come to it as messages, so it handles those that it draws with `@on`.

    `shown` is what the body draws at present. A body that draws an answer sets it and calls `changed`.
    """

    class Changed(Message):
        """The title or the subtitle of the pane may have changed."""

    @dataclass
    class FilterWanted(Message):
        """The reader wants the neurons that a filter leaves."""

        query: str

    @dataclass
    class SubjectWanted(Message):
        """The reader wants to look at another subject; a film with the list that it is from."""

        subject: Subject
        films: FilmList | None = None

    DEFAULT_CSS = """
    ViewBody { height: 1fr; width: 1fr; }
    """

    def __init__(self, reader: RunReader) -> None:
        super().__init__()
        self.reader = reader
        self.rows: NeuronRows | None = None
        """The neurons with their trust, findings and verdicts; the pane sets it before the first answer"""
        self.sight: Sight | None = None
        """What is looked at"""
        self.shown: Sight | None = None
        """What is drawn, which may be an earlier sight; None before the first answer"""
        self.stale = False
        """Whether all that is drawn is dimmed; the pane then says that something is being computed"""
        self._patience: Timer | None = None
        self.impatient = False
        """Whether the body has been old for more than PATIENCE seconds"""

    def use_backend(self, backend: ImageBackend) -> None:
        """Takes what films are drawn with, where the view draws any; before it is on screen."""

    @property
    def reading(self) -> Widget:
        """The widget that takes the keys: the first one that can have the focus."""
        return next(widget for widget in self.query("*") if widget.can_focus)

    def begin(self) -> bool:
        """Called when the reader presses the view's key, also where the view is on screen. Returns whether the key has
        something to do there; otherwise, where the view is on screen, it leads back."""
        return False

    def subtitle(self, room: int) -> str:  # noqa: ARG002
        """The text in the pane's border below the view, in `room` cells if possible."""
        return ""

    def table(self) -> Table | None:
        """What is drawn, for other programs; None if there is nothing yet. The neuron and the cuts are added to it."""
        return None

    def mark(self, marks: Mapping[str, ConceptMark]) -> None:
        """Draws the reader's marks beside concepts, by the concepts' texts, where the view lists concepts."""

    @property
    def shows_evidence(self) -> bool:
        """Whether the evidence about the neuron looked at is drawn."""
        return False

    @property
    def is_old(self) -> bool:
        """Whether the body draws something other than what is looked at."""
        return self.shown is not None and self.shown != self.sight

    def dim(self, old: bool) -> None:
        """Dims what is drawn if it is old, else undoes the dimming."""
        self.stale = old

    def changed(self) -> None:
        """Makes the pane draw its border again, and dims the body once it has been old for PATIENCE seconds."""
        if self.display:
            self.check()
            self.post_message(self.Changed())

    def check(self) -> None:
        """Dims the body, waits before doing so, or undoes the dimming."""
        if not self.is_old:
            if self._patience:
                self._patience.stop()
            self._patience = None
            if self.impatient:
                self.impatient = False
                self.dim(False)
        elif self.impatient:
            self.dim(True)
        elif self._patience is None:
            self._patience = self.set_timer(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        self.impatient = True
        self.changed()

    @on(LookingAt)
    def _look(self, message: LookingAt) -> None:
        self.sight = message.sight
        if self.shown is None or self.is_old or self.impatient:
            self.changed()


@dataclass(frozen=True, slots=True)
class View:
    """A view's declaration: everything about it that the rest of the explorer uses."""

    name: str
    """Identifies the view, its style and its key binding `view.NAME`"""
    title: str
    """One word, for the pane's title, the line of keys and the palette"""
    purpose: str
    """One phrase, for the help and the palette"""
    body: type[ViewBody]
    """The widget that draws it, made with the open run"""
    takes: tuple[type[Subject], ...]
    """The kinds of subject that it can show"""
    asks: tuple[type[Asker], ...]
    """What it wants to know: askers that work while it is shown"""
    key: str = ""
    """Turns to the view, and from it back to the first view, or to where the reader was; "" for a view that is first
    itself"""
    again: str = ""
    """What the key does in the view, for the help, where it does not lead back"""
    instead: Callable[[Looking], Subject | None] | None = None
    """What it shows where it cannot show what is looked at, such as the class of a neuron; None for nothing"""
    room: Room = "usual"
    help: Note | None = None
    """What the help explains while it is shown"""

    def shows(self, subject: Subject | None) -> bool:
        """Whether it can show a subject. Before there is any subject, the reader can turn to every view."""
        return subject is None or isinstance(subject, self.takes)
