"""One film in a widget, with its findings drawn over it."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip

from mammi_tui.images.base import ImageBackend, Placement, coloured, place
from mammi_tui.images.picture import Picture
from mammi_tui.images.tint import drawn
from mammi_tui.text import clean
from mammi_tui.widgets.outlines import draw
from mammi_tui.widgets.sharp_picture import SharpPicture


class Thumbnail(SharpPicture):
    """Shows one film as large as the widget."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"thumbnail--film", "thumbnail--outline", "thumbnail--heat"}

    DEFAULT_CSS = """
    Thumbnail {
        & .thumbnail--film { background: black; color: #d0d0d0; }
        & .thumbnail--outline { background: black; color: #ff5a36; text-style: bold; }
        & .thumbnail--heat { background: black; color: #ffb454; text-style: bold; }
    }
    """

    def __init__(self, backend: ImageBackend, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(backend, id=id)
        self._message = "…"
        self._strips: list[Strip] | None = None

    def show(self, picture: Picture) -> None:
        """Shows a film with what is drawn over it."""
        self.picture = picture
        self._redraw()

    def say(self, message: str) -> None:
        """Shows a line of text in place of a film."""
        self.picture, self._message = None, clean(message)
        self._redraw()

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()
        self.sharpen()

    def on_resize(self) -> None:
        self._redraw()

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._draw()
        style = self.get_component_rich_style("thumbnail--film")
        return coloured(self._strips[y], style) if y < len(self._strips) else Strip.blank(self.size.width, style)

    @property
    def placement(self) -> Placement | None:
        """Where the film lies in the widget; None while there is none."""
        return None if self.picture is None else place(self.picture.grey, *self.size)

    def _draw(self) -> list[Strip]:
        columns, rows = self.size
        if self.picture is None or not columns or not rows:
            style = self.get_component_rich_style("thumbnail--film")
            blank = Strip.blank(columns, style)
            text = Strip([Segment(self._message.center(columns), style)]).adjust_cell_length(columns, style)
            return [*[blank] * (rows // 2), text]
        marked = self.get_component_rich_style("thumbnail--heat")
        strips = drawn(self.backend, self.picture, columns, rows, marked)
        if self.backend.cell_pixels[0]:
            style = self.get_component_rich_style("thumbnail--outline")
            draw(strips, self.picture.outlines, place(self.picture.grey, columns, rows), style)
        return strips
