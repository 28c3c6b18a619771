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

from mammi_tui.widgets.lines import Lines

CURSOR_MARK = "▌"
ITALIC = Style(italic=True)


class LineList(Lines, inherit_bindings=False):
    """`cursor` is the row the reader is on."""

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

    cursor: reactive[int] = reactive(0, repaint=False)

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

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        self.show_row(new)

    def show_row(self, index: int) -> None:
        """Scrolls just enough to show a row."""
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
        """Called after a click on a row; the cursor is already on it."""
