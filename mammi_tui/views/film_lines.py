"""The films that a search finds, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from mammi_tui.film_search.orders import Order
from mammi_tui.film_search.search import FilmSearcher, Found
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, fit
from mammi_tui.widgets.captions import identifier
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.menu_line import Choice, MenuLine

ORDERS: dict[str, Order] = {"f": "fitting", "r": "run", "o": "output", "s": "sure"}
WORDS: dict[Order, str] = {
    "fitting": "what the search asks for",
    "run": "their place in the run",
    "output": "output",
    "sure": "sureness",
}
LONGEST_CLASS = 16
"""Cells of a class's name"""
STRONGEST = 3
"""Outputs that a line shows where there is room"""


class FilmLines(LineList):
    """Only the lines on screen are made, so their number does not matter."""

    BINDING_GROUP_TITLE = "Films"
    HELP = "The films that the search finds: labels, strongest outputs, and what is wrong with them."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Film", id="film-list.open", tooltip="Look at it, and step through those found"),
        Binding("slash", "search", "Search", id="film-list.search", tooltip="Change the search"),
        Binding("s", "sort", "Sort", id="film-list.sort",
                tooltip="Sort: a letter for each order, the same again for the other direction"),
        Binding("escape", "screen.history(-1)", "Back", show=False, id="film-list.back",
                tooltip="Back to where you were"),
    ]  # fmt: skip

    class Chosen(Message):
        """The reader wants to look at the film under the cursor."""

    class SearchWanted(Message):
        """The reader wants to change the search."""

    class OrderWanted(Message):
        def __init__(self, order: Order) -> None:
            super().__init__()
            self.order = order

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.found: Found | None = None
        self._searcher: FilmSearcher | None = None
        self._short = ShortNames(())
        self._names = 0
        """Cells of the longest name among the first films"""

    def show(self, found: Found, searcher: FilmSearcher) -> None:
        """Draws the films of a search; from the top if they are others."""
        if self._searcher is not searcher:
            self._short = ShortNames(searcher.index.classes)
        before, self.found, self._searcher = self.found, found, searcher
        if before is None or before.images.shape != found.images.shape or (before.images != found.images).any():
            self.set_reactive(LineList.cursor, 0)
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        first = (clean(identifier(searcher.index.paths[image])) for image in found.images[:200].tolist())
        self._names = max(map(cell_len, first), default=0)
        self.rows_changed()

    def row_count(self) -> int:
        return 0 if self.found is None else len(self.found.images)

    def here(self) -> int | None:
        """The image under the cursor."""
        return int(self.found.images[self.cursor]) if self.found is not None and self.row_count() else None

    def row(self, index: int, width: int) -> Iterable[Part]:
        if self.found is None or self._searcher is None:
            return
        image, films = int(self.found.images[index]), self._searcher.index
        names, labels, outputs = self._columns(width)
        yield fit(clean(identifier(films.paths[image])), names) + " ", "line--strong"
        yield fit(", ".join(map(clean, films.labels_of(image))) or "–", labels) + " ", "line--text"
        if outputs:
            yield fit(self._outputs(image, outputs), outputs) + " ", "line--muted"
        number = self.found.number
        ranked = sorted(films.wrong_in(image), key=lambda each: each.number != number)  # what is searched for first
        wrong = ", ".join(f"{'missed' if each.missed else 'false'} {self._class(each.number)}" for each in ranked)
        yield fit(wrong, max(0, width - names - labels - 2 - (outputs + 1 if outputs else 0))), "line--bad"

    def _class(self, number: int) -> str:
        """The name of a class, shortened."""
        return self._short.fit(self._short[number], LONGEST_CLASS).rstrip()

    def _outputs(self, image: int, room: int) -> str:
        """The class that sorts first, then the strongest others, as many as fit; at least one."""
        films = self._searcher.index if self._searcher else None
        if films is None or films.outcomes is None:
            return ""
        strongest = films.strongest(image, STRONGEST)
        number = self.found.number if self.found else None
        if number is not None:
            own = (number, float(films.outcomes.probabilities[image, number]))
            strongest = [own, *(each for each in strongest if each[0] != number)]
        text = ""
        for each, value in strongest[:STRONGEST]:
            more = f"{self._class(each)} {_short(value)}"
            if text and cell_len(text) + 1 + cell_len(more) > room:
                break
            text = f"{text} {more}".lstrip()
        return text

    def heads(self, width: int) -> str:
        """The names of the columns, in `width` cells."""
        names, labels, outputs = self._columns(width)
        shown = fit("film", names) + " " + fit("labels", labels) + " "
        return shown + (fit("strongest outputs", outputs) + " wrong" if outputs else "")

    def _columns(self, width: int) -> tuple[int, int, int]:
        """The cells of names, labels and outputs; what is left is for what is wrong."""
        names = max(4, min(self._names, width // 3))
        left = width - names - 2
        if self._searcher is not None and not self._searcher.index.classes:
            return names, left, 0
        if left < 60:
            return names, left // 3, left - left // 3 - left // 3 - 1
        return names, left * 3 // 10, left * 4 // 10

    # Keys

    def action_open(self) -> None:
        if self.here() is not None:
            self.post_message(self.Chosen())

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()

    def action_search(self) -> None:
        self.post_message(self.SearchWanted())

    def action_sort(self) -> None:
        present = self.found.order if self.found else "run"
        choices = [Choice(letter, WORDS[order], marked=order == present) for letter, order in ORDERS.items()]
        self.app.push_screen(MenuLine("Sort by", choices), self._sort_by)

    def _sort_by(self, letter: str | None) -> None:
        if letter is not None:
            self.post_message(self.OrderWanted(ORDERS[letter]))


def _short(probability: float) -> str:
    """`.93`, `1.0`; `–` for no number."""
    if probability != probability:
        return "–"
    return f"{probability:.2f}"[1:] if 0 <= probability < 0.995 else f"{probability:.1f}"
