"""Rows to read, without a cursor: keys scroll them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from mammi_tui.widgets.lines import Lines, Part

Row = Sequence[Part]


class Sheet(Lines, inherit_bindings=False):
    """Subclasses lay out their rows for a width. A `stale` sheet is dimmed, as its successor is being computed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "Down", show=False, id="sheet.down", tooltip="One line down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="sheet.up", tooltip="One line up"),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="sheet.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="sheet.half-up"),
        Binding("pagedown,ctrl+f,space", "page(1)", "Page down", show=False, id="sheet.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="sheet.page-up"),
        Binding("g,home", "first", "First", show=False, id="sheet.first", tooltip="Go to the first line"),
        Binding("G,end", "last", "Last", show=False, id="sheet.last", tooltip="Go to the last line"),
    ]

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

    def action_scroll(self, lines: int) -> None:
        self._show_from(self.scroll_offset.y + lines)

    def action_page(self, pages: float) -> None:
        self.action_scroll(int(pages * max(2, self.scrollable_content_region.height - 1)))

    def action_first(self) -> None:
        self._show_from(0)

    def action_last(self) -> None:
        self._show_from(len(self._rows))

    def _show_from(self, row: int) -> None:
        self.scroll_to(y=row, animate=False, force=True, immediate=True)
