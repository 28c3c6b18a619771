"""Rows of one line each. Only those on screen are drawn, so their number does not matter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.geometry import Size
from textual.strip import Strip

from mammi_tui.widgets.still import Part, StillScroll

__all__ = ["Lines", "Part"]


class Lines(StillScroll, can_focus=True, inherit_bindings=False):
    """Subclasses define the number of rows and the content of each."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--cursor",
        "line--text",
        "line--strong",
        "line--muted",
        "line--faint",
        "line--dead",
        "line--stale",
        "line--own",
        "line--accent",
        "line--bar",
        "line--bar-below",
        "line--good",
        "line--bad",
        "line--unsure",
    }

    DEFAULT_CSS = """
    Lines {
        .line--text { color: $foreground; }
        .line--strong { color: $foreground; text-style: bold; }
        .line--muted { color: $foreground 72%; }
        .line--faint { color: $foreground 62%; }
        .line--dead { color: $foreground 45%; text-style: italic; }
        .line--own { color: $foreground; text-style: italic; }
        .line--stale { color: $foreground 45%; }
        .line--accent { color: $text-accent; }
        .line--bar { color: $primary; }
        .line--bar-below { color: $primary 45%; }
        .line--good { color: $text-success; text-style: bold; }
        .line--bad { color: $text-error; text-style: bold; }
        .line--unsure { color: $text-warning; text-style: bold; }
        .line--cursor { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
        &:focus .line--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        &:nocolor:focus .line--cursor { text-style: reverse; }
    }
    """

    def row_count(self) -> int:
        """The number of rows."""
        raise NotImplementedError

    def row(self, index: int, width: int) -> Iterable[Part]:
        """The parts of one row, `width` cells in total."""
        raise NotImplementedError

    def rows_changed(self) -> None:
        """Draws rows that are not as they were. Their number may have changed."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.row_count())
        self.redraw()

    def index_at(self, y: int) -> int:
        """The row in line `y` of the pane, which may be past the last row."""
        return y + self.scroll_offset.y

    def draw_line(self, y: int) -> Strip:
        index, width = self.index_at(y), self.scrollable_content_region.width
        if index >= self.row_count():
            return Strip.blank(width, self.style_of())
        return self.drawn(index, width)

    def drawn(self, index: int, width: int) -> Strip:
        """One row in its colours."""
        return self.strip(width, ((" ", "line--text"), *self.row(index, width - 1)))
