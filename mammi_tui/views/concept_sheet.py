"""The list of the concept view: several parts below one another, each line leading on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from mammi_tui.keyboard.counting_app import counted
from mammi_tui.text import fit
from mammi_tui.views.concept_parts import Lead, PartOfList
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

WIDEST = 84
"""Cells of a line: names and numbers do not stand further apart"""
LEAST_TITLE = 11
"""Cells that a part's title keeps beside the names of its columns"""


class ConceptSheet(LineList):
    """Draws only the lines on screen, however many a part has. A part's head stays in sight above its lines."""

    BINDING_GROUP_TITLE = "Concept"
    HELP = """
    Where a concept stands: the neurons that have it, those that narrowly miss it, the nearest concepts, the films that
    match it, and the concepts that no neuron has. Enter leads on from every line.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="concept.open", tooltip="Go to what the line names"),
        Binding("f", "find", "Find", id="concept.find", tooltip="Filter the neurons by this concept"),
        Binding("right_parenthesis", "part(1)", "Next part", show=False, id="concept.next-part",
                tooltip="To the next part of the list"),
        Binding("left_parenthesis", "part(-1)", "Part before", show=False, id="concept.previous-part",
                tooltip="To the part before"),
        Binding("escape", "screen.history(-1)", "Back", show=False, id="concept.back",
                tooltip="Back to where you were"),
    ]  # fmt: skip

    @dataclass
    class Opened(Message):
        """The reader goes on to what a line names."""

        lead: Lead

    class FindWanted(Message):
        """The reader wants the neurons that have the concept."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.stale = False
        self._parts: Sequence[PartOfList] = ()
        self._heads: list[int] = []
        """The row of each part's head"""
        self._rows = 0

    def show(self, parts: Sequence[PartOfList], *, anew: bool) -> None:
        """Draws the parts that have lines, or a word on why they have none; `anew` from the top."""
        self._parts = [part for part in parts if len(part) or part.nothing]
        self._heads, self._rows = [], 0
        for part in self._parts:
            self._heads.append(self._rows)
            self._rows += 2 + max(1, len(part))  # its head, its lines and a blank one
        self._rows = max(0, self._rows - 1)
        if anew:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
            self.set_reactive(ConceptSheet.cursor, 0)
        if not self.can_stand_on(self.cursor):
            self.set_reactive(ConceptSheet.cursor, self._row_beyond(self.cursor, 1))
        self.rows_changed()

    def dim(self, old: bool) -> None:
        """Dims all lines, as others are being computed."""
        if old != self.stale:
            self.stale = old
            self.redraw()

    def row_count(self) -> int:
        return self._rows

    def _at(self, index: int) -> tuple[PartOfList, int]:
        """The part that has a row, and the number of its line: −1 for the head, its length for the line below."""
        part = bisect_right(self._heads, index) - 1
        return self._parts[part], index - self._heads[part] - 1

    def can_stand_on(self, index: int) -> bool:
        if not 0 <= index < self._rows:
            return False
        part, line = self._at(index)
        return 0 <= line < len(part)

    def head_of(self, index: int) -> int:
        part, line = self._at(index)
        return index - line - 1 if line < max(1, len(part)) else index

    def row(self, index: int, width: int) -> Iterable[Part]:
        part, line = self._at(index)
        width = min(width, WIDEST)
        if line < 0:
            parts: Iterable[Part] = _head(part, width)
        elif line < len(part):
            parts = part.line(line, width)
        else:
            parts = ((fit("" if line or len(part) else f"  {part.nothing}", width), "line--muted"),)
        for text, style in parts:
            yield text, "line--stale" if self.stale else style

    def action_open(self) -> None:
        if self.can_stand_on(self.cursor):
            part, line = self._at(self.cursor)
            self.post_message(self.Opened(part.lead(line)))

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()

    def action_find(self) -> None:
        self.post_message(self.FindWanted())

    @counted
    def action_part(self, step: int) -> None:
        """Goes to the first line of the next part that has lines, or of the part before."""
        if not self._heads:
            return
        present = bisect_right(self._heads, self.cursor) - 1
        firsts = [head + 1 for head in self._heads]
        ahead = [
            row for row in (firsts[present + 1 :] if step > 0 else firsts[:present][::-1]) if self.can_stand_on(row)
        ]
        if ahead:
            self.cursor = ahead[min(abs(step), len(ahead)) - 1]
            self.scroll_to(y=self.cursor - 1, animate=False, force=True, immediate=True)


def _head(part: PartOfList, width: int) -> Iterable[Part]:
    """A part's title with the names of its columns, as far as there is room."""
    heads = part.heads(width)
    heads = heads if width - cell_len(heads) >= LEAST_TITLE else ""
    room = width - cell_len(heads)
    title = next((title for title in part.titles if cell_len(title) <= room), part.titles[-1])
    return (fit(title, room), "line--strong"), (heads, "line--faint")
