"""The parts of the film view beside the film, and how its parts share a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip

from mammi_tui.text import fit
from mammi_tui.widgets.reasoned_list import ReasonedList
from mammi_tui.widgets.still import StillLines

NARROW, LEAST_LISTS, LEAST_FILM = 72, 44, 28
"""Columns below which one part is shown at a time, and those that the lists and the film have at least"""
LOW = 22
"""Rows below which one list is shown at a time"""


class Layout(NamedTuple):
    """How the parts share the view."""

    narrow: bool
    """Whether one part is shown at a time"""
    low: bool
    """Whether one list is shown at a time, beside the film"""
    film: int
    """The columns of the film"""
    facts: int
    """The lines below it"""


def laid_out(width: int, height: int) -> Layout:
    """The layout for a size in cells. The film is as wide as it can be used, as long as the lists have room."""
    facts = 2 if height < 14 else 4 if height < LOW else 5
    if width < NARROW:
        return Layout(True, True, width, facts)
    film = max(LEAST_FILM, min(2 * (height - facts) + 2, width - LEAST_LISTS, width * 3 // 5))
    return Layout(False, height < LOW, film, facts)


class PartLine(StillLines):
    """One line of a part: its title and the heads of its columns, or what its items come to."""

    COMPONENT_CLASSES = {"line--accent", "line--faint"}  # noqa: RUF012

    DEFAULT_CSS = """
    PartLine {
        height: 1;
        width: 1fr;
        .line--accent { color: $text-accent; text-style: bold; }
        .line--faint { color: $foreground 62%; }
    }
    """

    def __init__(self, texts: Callable[[int], tuple[str, str]]) -> None:
        """`texts` gives the title and what stands right of it, for a width."""
        super().__init__()
        self._texts = texts

    def draw_line(self, y: int) -> Strip:  # noqa: ARG002
        width = self.content_size.width
        title, right = self._texts(width)
        title = fit(title, min(cell_len(title), width))
        right = fit(right if cell_len(title + right) < width else "", width - cell_len(title), right=True)
        segments = [Segment(title, self.style_of("line--accent")), Segment(right, self.style_of("line--faint"))]
        return Strip(segments).adjust_cell_length(width, self.style_of())


class FilmPart(Vertical):
    """A list with a line above it, and one below it where there is something to say of all its items."""

    DEFAULT_CSS = """
    FilmPart { width: 1fr; }
    """

    def __init__(self, name: str, title: str, rows: ReasonedList, right: str = "") -> None:
        """`right` stands on the right of the title."""
        super().__init__(classes=f"-{name}")
        self._title, self._right = title, right
        self.rows = rows
        self.line = PartLine(self._texts)
        self.sum = PartLine(lambda width: ("", next((each for each in self._sums if cell_len(each) <= width), "")))
        self._sums: Sequence[str] = ()
        self.others = ""
        """How to get to the parts whose place this one takes; "" where all are there"""

    def compose(self) -> ComposeResult:
        yield self.line
        yield self.rows
        yield self.sum

    def on_mount(self) -> None:
        self.sum.display = False

    def show(self, title: str, sums: Sequence[str]) -> None:
        """Draws the line above the list, and the longest of some sentences that fits below it."""
        self._title, self._sums = title, sums
        self.sum.display |= bool(sums)
        self.line.redraw()
        self.sum.redraw()

    def on_click(self, event: events.Click) -> None:
        if event.widget is self.line:
            event.stop()
            self.screen.set_focus(self.rows)

    def _texts(self, width: int) -> tuple[str, str]:  # noqa: ARG002
        title = f" {self._title}"
        return title, f"{self.others} " if self.others else self._right
