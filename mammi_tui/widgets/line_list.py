"""Rows of one line each, with a cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip

from mammi_tui.keyboard.counting_app import counted, counted_from_one
from mammi_tui.widgets.lines import Lines

CURSOR_MARK = "▌"
ITALIC = Style(italic=True)
LEAST_WITH_HEAD = 3
"""Lines of a pane from which a head stays in its first line"""


class LineList(Lines, inherit_bindings=False):
    """`cursor` is the row the reader is on."""

    BINDING_GROUP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_by(1)", "Down", show=False, id="list.down", tooltip="One line down"),
        Binding("k,up", "cursor_by(-1)", "Up", show=False, id="list.up", tooltip="One line up"),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="list.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="list.half-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("g,home", "cursor_to(0)", "First", show=False, id="list.first",
                tooltip="To the first line; with a number before it, to that line"),
        Binding("G,end", "cursor_to(-1)", "Last", show=False, id="list.last",
                tooltip="To the last line; with a number before it, to that line"),
        Binding("v", "centre", "Centre", show=False, id="list.centre", tooltip="The cursor's line to the middle"),
    ]  # fmt: skip

    cursor: reactive[int] = reactive(0, repaint=False)
    _row_was_clicked = False

    def can_stand_on(self, index: int) -> bool:  # noqa: ARG002
        """Whether the cursor may be on a row."""
        return True

    def rows_changed(self) -> None:
        self.set_reactive(LineList.cursor, self.validate_cursor(self.cursor))
        super().rows_changed()

    def drawn(self, index: int, width: int) -> Strip:
        """Draws all parts under the cursor in one colour: the one that a theme pairs with the cursor's background.

        A reader's own words stay italic.
        """
        if index != self.cursor or not self.can_stand_on(index):
            return super().drawn(index, width)
        style = self.style_of("line--cursor")
        parts = [(CURSOR_MARK if self.has_focus else " ", style)]
        parts += [(text, style + ITALIC if name == "line--own" else style) for text, name in self.row(index, width - 1)]
        return Strip([Segment(*part) for part in parts]).adjust_cell_length(width, style)

    def head_of(self, index: int) -> int:
        """The row that stays in the first line of the pane while a row below it is there; the row itself for none."""
        return index

    def index_at(self, y: int) -> int:
        """The row in line `y`. The cursor's row is never hidden by the head of the rows below it."""
        index = super().index_at(y)
        return self.head_of(index) if not y and index != self.cursor and self._has_head(index) else index

    def _has_head(self, index: int) -> bool:
        """Whether a row belongs to a head that stays in sight above it."""
        tall = self.scrollable_content_region.height >= LEAST_WITH_HEAD
        return tall and 0 <= index < self.row_count() and self.head_of(index) != index

    def refresh_row(self, index: int) -> None:
        """Draws a row again, wherever it stands."""
        self.refresh_line(index)
        if index == self.index_at(0):
            self.refresh_line(self.scroll_offset.y)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_row(old)
        self.refresh_row(new)
        self.show_row(new)

    def show_row(self, index: int) -> None:
        """Scrolls just enough to show a row, and the line above it where its head stays."""
        if not self.scrollable_content_region.height:
            return  # before the first layout: `on_resize` shows the cursor's row
        above = int(self._has_head(index))
        self.scroll_to_region(Region(0, index - above, 1, 1 + above), animate=False, force=True, immediate=True)

    def on_focus(self) -> None:
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        self.refresh_row(self.cursor)

    def on_resize(self) -> None:
        first = not self.virtual_size.width
        self.virtual_size = Size(self.scrollable_content_region.width, self.row_count())
        if first:
            self.action_centre()
        self.show_row(self.cursor)

    @counted
    def action_cursor_by(self, step: int) -> None:
        """Goes `step` lines down, or up, as far as there are lines."""
        self.cursor = self._row_beyond(self.cursor, step)

    @counted
    def action_page(self, pages: float) -> None:
        height = self.scrollable_content_region.height - self._has_head(self.cursor)
        self.action_cursor_by(int(pages * max(2, height)))

    @counted_from_one
    def action_cursor_to(self, line: int) -> None:
        """Goes to a line, counted from 0 among those that the cursor can be on; −1 is the last."""
        self.cursor = self._row_beyond(-1, line + 1) if line >= 0 else self._row_beyond(self.row_count(), line)

    def _row_beyond(self, start: int, step: int) -> int:
        """The row `step` rows below another, or above, of those that the cursor can be on; the last on the way there
        if there are not as many."""
        found, index, way = start, start, 1 if step > 0 else -1
        while step and 0 <= (index := index + way) < self.row_count():
            if self.can_stand_on(index):
                found, step = index, step - way
        return found

    def action_centre(self) -> None:
        """Scrolls so that the cursor's line stands in the middle."""
        top = self.cursor - self.scrollable_content_region.height // 2
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if event.chain > 1:
            if self._row_was_clicked:
                self._row_was_clicked = False
                self.row_clicked_twice(self.cursor)
            return
        index = self.index_at(offset.y)
        self._row_was_clicked = index < self.row_count() and self.can_stand_on(index)
        if self._row_was_clicked:
            self.cursor = index
            self.row_clicked(index)

    def row_clicked(self, index: int) -> None:
        """Called after a click on a row; the cursor is already on it."""

    def row_clicked_twice(self, index: int) -> None:
        """Called after a double click; the first of the two has put the cursor on the row."""
