"""The names of columns above a list."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Static

from mammi_tui.widgets.lines import Lines

LEAST_CELLS = 20
"""Width for which the heads are drawn before the list has a size"""


class Heads(Static):
    """Drawn again whenever the rows of the list change their width, also when a scroll bar comes or goes."""

    DEFAULT_CSS = """
    Heads { height: 1; width: 1fr; color: $foreground 62%; }
    """

    def __init__(self, lines: Lines, heads: Callable[[int], str]) -> None:
        """`heads` returns the names of the columns above rows of the given width in cells."""
        super().__init__(markup=False)
        self._lines = lines
        self._heads = heads

    def on_mount(self) -> None:
        self.watch(self._lines, "show_vertical_scrollbar", self.draw)
        self.watch(self._lines, "virtual_size", self.draw)

    def draw(self) -> None:
        """Draws the heads, which may have changed."""
        self.update(self._heads(max(LEAST_CELLS, self._lines.scrollable_content_region.width - 1)))
