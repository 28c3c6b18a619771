"""A list that says why it is empty, and whose rows lead on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from mammi_tui.text import clean, fit, wrap
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part


class ReasonedList(LineList):
    """Subclasses define `item_count` and `item`. Enter opens the row under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="list.open", tooltip="Go to what this line is about"),
    ]

    class OfRows(Message):
        """Something about a list."""

        def __init__(self, rows: ReasonedList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> ReasonedList:
            return self.rows

    class Opened(OfRows):
        """The reader wants what the row under the cursor leads to."""

    class Moved(OfRows):
        """The cursor is on another row."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.reason = ""
        """Why there is no item"""
        self._lines: Sequence[str] = ()

    def item_count(self) -> int:
        raise NotImplementedError

    def item(self, index: int, width: int) -> Iterable[Part]:
        """The parts of one item, `width` cells in total."""
        raise NotImplementedError

    def leads_on(self, index: int) -> bool:  # noqa: ARG002
        """Whether the cursor may be on an item."""
        return True

    def rows_changed(self) -> None:
        width = self.scrollable_content_region.width - 3
        self._lines = [] if self.item_count() or width < 1 else list(wrap(clean(self.reason), width))
        super().rows_changed()

    def row_count(self) -> int:
        return self.item_count() or len(self._lines)

    def can_stand_on(self, index: int) -> bool:
        return self.item_count() > 0 and self.leads_on(index)

    def row(self, index: int, width: int) -> Iterable[Part]:
        if self.item_count():
            yield from self.item(index, width)
        elif index < len(self._lines):
            yield fit(f" {self._lines[index]}", width), "line--muted"

    def on_resize(self) -> None:
        self.rows_changed()
        super().on_resize()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if old != new and self.can_stand_on(new):
            self.post_message(self.Moved(self))

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()

    def action_open(self) -> None:
        if self.can_stand_on(self.cursor):
            self.post_message(self.Opened(self))
