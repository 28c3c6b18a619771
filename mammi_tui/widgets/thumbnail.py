"""One film in a widget, with its findings drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from mammi_tui.findings import Finding
from mammi_tui.images.base import Grey, ImageBackend, coloured, place
from mammi_tui.text import clean
from mammi_tui.widgets.outlines import draw


class Thumbnail(Widget):
    """Shows one film as large as the widget."""

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
        self._outlines: Sequence[Finding] = ()
        self._message = "…"
        self._strips: list[Strip] | None = None

    def show(self, film: Grey, outlines: Sequence[Finding] = ()) -> None:
        """Shows this film [h, w] and these findings."""
        self._film, self._outlines = film, outlines
        self._redraw()

    def say(self, message: str) -> None:
        """Shows a line of text in place of a film."""
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
        draw(strips, self._outlines, placement, style)
        return strips
