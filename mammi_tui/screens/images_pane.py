"""Pane 3: a neuron's representative images, or images from another range of its activations."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message

from engine.decisions.examples import RANGES, STRONGEST, Examples, Range
from mammi_tui.handing_on.phrases import range_words
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.images.off import OffBackend
from mammi_tui.questions.examples import ExamplesAnswered
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.neuron import NeuronAnswered
from mammi_tui.text import count, reach
from mammi_tui.widgets.still import Framed
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid

MARKS = "▲987654321▼?"
"""A character for each of RANGES, in the strip that a click chooses from"""
BEFORE_TITLE = 3
"""Cells of the border before its title"""


class ImagesPane(Framed, Container):
    """Films as thumbnails, or only their names. The title says which range they are from."""

    @dataclass
    class RangeWanted(Message):
        """The reader wants films of this range."""

        range: Range

    def __init__(self, looking: Looking, backend: ImageBackend) -> None:
        super().__init__(id="images-pane", classes="pane")
        self.border_title = "3 Representative images"
        self._looking = looking
        self.backend = backend
        self.films = Films(looking.reader.thumbnail)
        self.grid = ThumbnailGrid(self.films, backend, id="images")
        self._representative: NeuronAnswered | None = None
        self._answered: ExamplesAnswered | None = None
        """The last images of another range"""
        self._examples: Examples | None = None
        """What is drawn, where it is not representative"""
        self._strip = 0
        """Where the strip stands in the title; 0 while it is not drawn"""

    def compose(self) -> ComposeResult:
        yield self.grid

    @on(NeuronAnswered)
    def take_answer(self, message: NeuronAnswered) -> None:
        self._representative = message
        if self._looking.range == STRONGEST:
            self._show_representative(message)

    def _show_representative(self, message: NeuronAnswered) -> None:
        self._examples = None
        self.grid.set_images(message.representatives)
        self.draw_border()

    @on(ExamplesAnswered)
    def show_examples(self, message: ExamplesAnswered) -> None:
        self._answered, self._examples = message, message.examples
        self.grid.set_images(message.images)
        self.draw_border()

    def turn_to_range(self, wanted: Range | int) -> None:
        """Shows the films of a range, or of the one so many ranges on; the representative images come at once."""
        looking = self._looking
        if isinstance(wanted, int):
            wanted = RANGES[(RANGES.index(looking.range) + wanted) % len(RANGES)]
        looking.range = wanted
        if wanted == STRONGEST and self._representative is not None:
            self._show_representative(self._representative)
        elif self._answered and self._answered.examples is looking.examples_on_screen:
            self.show_examples(self._answered)  # it was shown before, and is not asked for again

    # The border

    def on_descendant_focus(self) -> None:
        self.draw_border()

    def on_descendant_blur(self) -> None:
        self.draw_border()

    def on_resize(self) -> None:
        self.draw_border()

    def draw_border(self) -> None:
        """Draws what the films are: in the title the range, and a strip of all ranges while the keys go to the pane."""
        room = self.size.width - 4
        self.frame(self._title(room), self._subtitle(room))

    def _title(self, room: int) -> Content:
        drawn = self._examples.range if self._examples else STRONGEST
        names = ("Representative images", "Representative") if drawn == STRONGEST else (f"{drawn.title} images", "")
        if drawn == STRONGEST and not self.grid.has_focus:
            self._strip = 0
            return Content(f"3 {names[0]}")
        strip = f"  {MARKS}"
        choices = [f"3 {name}{strip}" for name in (names[0], drawn.title)]
        title = next((title for title in choices if cell_len(title) <= room), f"3 {drawn.title}")
        self._strip = title.index(MARKS) if MARKS in title else 0
        content = Content(title)
        if not self._strip:
            return content
        place = self._strip + RANGES.index(drawn)
        return content.stylize("reverse", place, place + 1)

    def _subtitle(self, room: int) -> str:
        found, message = self._examples, self._representative
        if found is None:
            if message is None:
                return ""
            answer = message.answer
            images = "dead unit" if answer.dead else count(len(answer.images), "image")
            return f"{reach(answer.cuts, answer.threshold)} · {images}"
        return next((text for text in range_words(found) if cell_len(text) <= room), range_words(found)[-1])

    async def on_click(self, event: events.Click) -> None:
        """Chooses a range in the strip."""
        place = event.x - BEFORE_TITLE - self._strip
        if self._strip and event.y == 0 and 0 <= place < len(RANGES):
            event.stop()
            self.post_message(self.RangeWanted(RANGES[place]))

    # Films or names

    @property
    def films_shown(self) -> bool:
        """Whether films are drawn, not only named."""
        return self.grid.backend is self.backend

    def turn_films_on_or_off(self) -> None:
        self.grid.backend = OffBackend() if self.films_shown else self.backend
        self.grid.set_images(self.grid.items)
