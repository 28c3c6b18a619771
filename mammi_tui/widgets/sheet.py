"""Rows to read, without a cursor: keys scroll them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from mammi_tui.keyboard.counting_app import counted, counted_from_one
from mammi_tui.widgets.lines import Lines, Part

Row = Sequence[Part]


class Sheet(Lines, inherit_bindings=False):
    """Subclasses lay out their rows for a width. A `stale` sheet is dimmed, as its successor is being computed."""

    BINDING_GROUP_TITLE = "Sheets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "Down", show=False, id="sheet.down", tooltip="One line down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="sheet.up", tooltip="One line up"),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="sheet.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="sheet.half-up"),
        Binding("pagedown,ctrl+f,space", "page(1)", "Page down", show=False, id="sheet.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="sheet.page-up"),
        Binding("g,home", "go_to(0)", "First", show=False, id="sheet.first",
                tooltip="To the first line; with a number before it, to that line"),
        Binding("G,end", "go_to(-1)", "Last", show=False, id="sheet.last",
                tooltip="To the last line; with a number before it, to that line"),
    ]  # fmt: skip

    stale: reactive[bool] = reactive(False, repaint=False)

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()

    def watch_stale(self) -> None:
        self.redraw()

    def lay_out(self, width: int) -> Sequence[Row]:
        """All rows, each in `width` cells."""
        raise NotImplementedError

    def rows_changed(self) -> None:
        width = self.scrollable_content_region.width - 2  # a margin on either side
        self._rows = self.lay_out(width) if width > 0 else ()
        super().rows_changed()

    def row_count(self) -> int:
        return len(self._rows)

    def row(self, index: int, width: int) -> Iterable[Part]:  # noqa: ARG002
        for text, name in self._rows[index]:
            yield text, "line--stale" if self.stale else name

    def on_resize(self) -> None:
        self.rows_changed()

    @counted
    def action_scroll(self, lines: int) -> None:
        self._show_from(self.scroll_offset.y + lines)

    @counted
    def action_page(self, pages: float) -> None:
        self.action_scroll(int(pages * max(2, self.scrollable_content_region.height - 1)))

    @counted_from_one
    def action_go_to(self, row: int) -> None:
        """Shows the sheet from a row on; −1 is the last."""
        self._show_from(row if row >= 0 else len(self._rows))

    def _show_from(self, row: int) -> None:
        self.scroll_to(y=row, animate=False, force=True, immediate=True)
