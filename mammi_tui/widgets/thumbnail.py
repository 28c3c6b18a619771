"""One film in a widget, with the boxes of its findings drawn over it if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from mammi_tui.images.base import PLAIN, Grey, ImageBackend, Placement, coloured, place
from mammi_tui.text import clean


@dataclass(frozen=True, slots=True)
class Outline:
    """A box over a film, as fractions of its width and height."""

    label: str
    left: float
    top: float
    right: float
    bottom: float


class Thumbnail(Widget):
    """Shows one film as large as the widget is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"thumbnail--film", "thumbnail--outline"}

    DEFAULT_CSS = """
    Thumbnail {
        & .thumbnail--film { background: black; color: #d0d0d0; }
        & .thumbnail--outline { background: black; color: #ff5a36; text-style: bold; }
    }
    """

    def __init__(self, backend: ImageBackend, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.backend = backend
        self._film: Grey | None = None
        self._outlines: Sequence[Outline] = ()
        self._message = "…"
        self._strips: list[Strip] | None = None

    def show(self, film: Grey, outlines: Sequence[Outline] = ()) -> None:
        """Shows this film [h, w] and these boxes."""
        self._film, self._outlines = film, outlines
        self._redraw()

    def say(self, message: str) -> None:
        """Shows a line of text instead of a film."""
        self._film, self._message = None, clean(message)
        self._redraw()

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()

    def on_resize(self) -> None:
        self._redraw()

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._draw()
        style = self.get_component_rich_style("thumbnail--film")
        return coloured(self._strips[y], style) if y < len(self._strips) else Strip.blank(self.size.width, style)

    def _draw(self) -> list[Strip]:
        columns, rows = self.size
        if self._film is None:
            style = self.get_component_rich_style("thumbnail--film")
            blank = Strip.blank(columns, style)
            text = Strip([Segment(self._message.center(columns), style)]).adjust_cell_length(columns, style)
            return [*[blank] * (rows // 2), text]
        strips = self.backend.render(self._film, columns, rows)
        if self.backend.name == "off":
            return strips
        placement = place(self._film, columns, rows)
        style = self.get_component_rich_style("thumbnail--outline")
        for outline in self._outlines:
            draw_outline(strips, outline, placement, style)
        return strips


def draw_outline(strips: list[Strip], outline: Outline, placement: Placement, style: Style) -> None:
    """Puts a box of line characters into the strips of a film, its label in the upper side."""
    last_column, last_row = placement.columns - 1, placement.rows - 1
    left = placement.left + round(max(0.0, outline.left) * last_column)
    right = placement.left + round(min(1.0, outline.right) * last_column)
    top = placement.top + round(max(0.0, outline.top) * last_row)
    bottom = placement.top + round(min(1.0, outline.bottom) * last_row)
    if right <= left or bottom <= top:
        return
    inner = right - left - 1
    label = clean(outline.label) if cell_len(clean(outline.label)) <= inner else ""
    _put(strips, top, left, f"┌{'─' * inner}┐", style)
    if label:
        _put(strips, top, left + 1, label, style, see_through=False)
    for row in range(top + 1, bottom):
        _put(strips, row, left, "│", style)
        _put(strips, row, right, "│", style)
    _put(strips, bottom, left, f"└{'─' * inner}┘", style)


def _put(strips: list[Strip], row: int, column: int, text: str, style: Style, *, see_through: bool = True) -> None:
    """Writes text over a strip. See-through, each cell keeps the background it had."""
    strip, end = strips[row], column + cell_len(text)
    under = [segment.style or PLAIN for segment in strip.crop(column, end) for _ in segment.text]
    # Not strict: a label with wide characters has fewer of them than cells.
    over = [
        Segment(character, style + Style(bgcolor=own.bgcolor) if see_through and own.bgcolor else style)
        for character, own in zip(text, under, strict=False)
    ]
    strips[row] = Strip.join([strip.crop(0, column), Strip(over), strip.crop(end)])
