"""The names of columns above a list."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual.strip import Strip

from mammi_tui.widgets.lines import Lines
from mammi_tui.widgets.still import StillLines

LEAST_CELLS = 20
"""Width for which the heads are drawn before the list has a size"""


class Heads(StillLines):
    """Drawn again whenever the list changes its width."""

    DEFAULT_CSS = """
    Heads { height: 1; width: 1fr; color: $foreground 62%; }
    """

    def __init__(self, lines: Lines, heads: Callable[[int], str]) -> None:
        """`heads` returns the names of the columns above rows of the given width in cells."""
        super().__init__()
        self._lines = lines
        self._heads = heads

    def on_mount(self) -> None:
        self.watch(self._lines, "virtual_size", self.redraw)
        self.watch(self._lines, "show_vertical_scrollbar", self.redraw)

    def draw_line(self, y: int) -> Strip:  # noqa: ARG002
        text = self._heads(max(LEAST_CELLS, self._lines.scrollable_content_region.width - 1))
        style = self.style_of()
        return Strip([Segment(text, style)]).adjust_cell_length(self.content_size.width, style)
