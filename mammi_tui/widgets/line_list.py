"""A list of one-line rows with a cursor that draws only the rows on screen, so its length does not matter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

Part = tuple[str, str]
"""Text, already clean and fitted, and the name of its component style."""

CURSOR_MARK = "▌"


class LineList(ScrollView, can_focus=True, inherit_bindings=False):
    """Subclasses say how many rows there are and what is in each; `cursor` is the row the reader is on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_by(1)", "Down", show=False, id="list.down", tooltip="One line down"),
        Binding("k,up", "cursor_by(-1)", "Up", show=False, id="list.up", tooltip="One line up"),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="list.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="list.half-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("g,home", "cursor_first", "First", show=False, id="list.first", tooltip="Go to the first line"),
        Binding("G,end", "cursor_last", "Last", show=False, id="list.last", tooltip="Go to the last line"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--cursor",
        "line--text",
        "line--strong",
        "line--muted",
        "line--faint",
        "line--dead",
        "line--accent",
        "line--bar",
        "line--bar-below",
        "line--good",
        "line--bad",
        "line--unsure",
    }

    DEFAULT_CSS = """
    LineList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .line--text { color: $foreground; }
        .line--strong { color: $foreground; text-style: bold; }
        .line--muted { color: $foreground 72%; }
        .line--faint { color: $foreground 62%; }
        .line--dead { color: $foreground 45%; text-style: italic; }
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

    cursor: reactive[int] = reactive(0, repaint=False)

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row(self, index: int, width: int) -> Iterable[Part]:
        """The parts of one row, in `width` cells together."""
        raise NotImplementedError

    def can_stand_on(self, index: int) -> bool:  # noqa: ARG002
        """Whether the cursor may be on a row."""
        return True

    def rows_changed(self) -> None:
        """Takes up a new number of rows and draws them."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.row_count())
        self.set_reactive(LineList.cursor, self.validate_cursor(self.cursor))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if index >= self.row_count():
            return Strip.blank(width, self.rich_style)
        on_cursor = index == self.cursor and self.can_stand_on(index)
        mark = CURSOR_MARK if on_cursor and self.has_focus else " "
        parts = [(mark, "line--accent"), *self.row(index, width - 1)]
        return Strip([Segment(text, self._style(name, on_cursor)) for text, name in parts]).adjust_cell_length(
            width, self._style("line--text", on_cursor)
        )

    def _style(self, name: str, on_cursor: bool) -> Style:
        """Under the cursor all parts have one colour: the one that a theme pairs with the cursor's background."""
        return self.get_visual_style("line--cursor" if on_cursor else name).rich_style

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        self.show_row(new)

    def show_row(self, index: int) -> None:
        """Scrolls just enough that a row is seen."""
        self.scroll_to_region(Region(0, index, 1, 1), animate=False, force=True, immediate=True)

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.row_count())
        self.show_row(self.cursor)

    def action_cursor_by(self, step: int) -> None:
        target = self.cursor + step
        while 0 <= target < self.row_count() and not self.can_stand_on(target):
            target += 1 if step > 0 else -1
        if 0 <= target < self.row_count():
            self.cursor = target

    def action_page(self, pages: float) -> None:
        target = self.validate_cursor(self.cursor + int(pages * max(2, self.scrollable_content_region.height)))
        self.cursor = target if self.can_stand_on(target) else target + (1 if pages > 0 else -1)

    def action_cursor_first(self) -> None:
        self.cursor = 0 if not self.row_count() or self.can_stand_on(0) else 1

    def action_cursor_last(self) -> None:
        last = self.row_count() - 1
        self.cursor = last if last < 1 or self.can_stand_on(last) else last - 1

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = offset.y + self.scroll_offset.y
        if index < self.row_count() and self.can_stand_on(index):
            self.cursor = index
            self.row_clicked(index)

    def row_clicked(self, index: int) -> None:
        """A row was clicked; the cursor is already on it."""
