"""The neurons of a comparison, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from mammi_tui.changes.words import after, correlation, name_of, partner_of, signed, words
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, fit
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

if TYPE_CHECKING:
    from engine.comparing.compare import Row

MOVED, R = 8, 6
"""Cells of the move of the score, and of the correlation"""
NARROWEST_WORDS = 12
ARROW = " → "


class _Columns(NamedTuple):
    """Cells of each column; 0 for one that is left out."""

    name: int
    before: int
    after: int
    because: int
    r: int


class ChangeList(LineList):
    """Every neuron that the filter finds, with its words before and after. A `stale` list is dimmed."""

    BINDING_GROUP_TITLE = "Changes"
    HELP = """
    Each neuron's words in this run and those of its match in the other, how far the best concept's score moved, and
    what changed the words: the things whose exchange between the runs alone does so.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Neuron", id="changes.open", tooltip="To the neuron"),
        Binding("slash", "ask('filter')", "Filter", id="changes.filter", tooltip="Filter the changes"),
        Binding("s", "ask('sort')", "Sort", id="changes.sort", tooltip="Sort the changes"),
        Binding("escape", "ask('all')", "All", show=False, id="changes.all", tooltip="All neurons, without the filter"),
    ]  # fmt: skip

    stale: reactive[bool] = reactive(False, repaint=False)

    @dataclass
    class Chosen(Message):
        """The reader wants to see a neuron."""

        row: Row

    @dataclass
    class Highlighted(Message):
        """The cursor is on another neuron; None where the list is empty."""

        row: Row | None

    @dataclass
    class Asked(Message):
        """The reader wants to filter, to sort, or to see all neurons."""

        what: str

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shown: Sequence[Row] = ()
        self.reason = ""
        """What is said where there is no line"""
        self._names = ShortNames([], keep_end=True)
        self._because = 0
        self._partners = False
        """Whether units of different numbers are matched"""

    def show(self, rows: Sequence[Row], reason: str) -> None:
        """Draws rows. The cursor stays on its neuron if that is among them, unless it was on the first line."""
        here = self.here()
        self.shown, self.reason = rows, reason
        self._names = ShortNames([f"{row.layer}:{row.unit}" for row in rows], keep_end=True)
        self._because = max((cell_len(_because(row)) for row in rows), default=0)
        self._partners = any(partner_of(row) for row in rows)
        places = {(row.layer, row.unit): place for place, row in enumerate(rows)}
        kept = places.get((here.layer, here.unit), 0) if here and self.cursor else 0
        self.set_reactive(ChangeList.cursor, kept)
        self.rows_changed()
        self.show_row(self.cursor)
        if (now := self.here()) is not here:
            self.post_message(self.Highlighted(now))

    def go_to_first(self) -> None:
        """Makes the first line the one that the cursor is on when rows are drawn next."""
        self.set_reactive(ChangeList.cursor, 0)

    def here(self) -> Row | None:
        """The row under the cursor."""
        return self.shown[self.cursor] if self.cursor < len(self.shown) else None

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self.post_message(self.Highlighted(self.here()))

    def watch_stale(self) -> None:
        self.redraw()

    def row_count(self) -> int:
        return len(self.shown) or bool(self.reason)

    def can_stand_on(self, index: int) -> bool:
        return index < len(self.shown)

    def row(self, index: int, width: int) -> Iterable[Part]:
        if not self.shown:
            return [(fit(f" {self.reason}", width), "line--muted")]
        parts = self._parts(self.shown[index], self._columns(width))
        return [(text, "line--stale" if self.stale else style) for text, style in parts]

    def _parts(self, row: Row, columns: _Columns) -> Iterable[Part]:
        quiet = "line--text" if row.changed else "line--faint"
        yield self._names.fit(f"{row.layer}:{row.unit}", columns.name) + " ", "line--dead" if row.dead else "line--text"
        yield fit(words(row.before), columns.before), "line--text" if row.changed else "line--muted"
        if row.changed or not row.is_matched:
            yield ARROW, quiet
            yield fit(after(row), columns.after), "line--strong" if row.changed else "line--faint"
        else:
            yield fit("   as before", columns.after + len(ARROW)), "line--faint"
        yield fit(signed(row.moved), MOVED, right=True) + " ", quiet
        yield fit(_because(row), columns.because), "line--accent"
        if columns.r:
            yield fit(correlation(row), R, right=True), "line--faint" if row.is_matched else "line--bad"

    def heads(self, width: int) -> str:
        """The names of the columns, in `width` cells."""
        if not self.shown:
            return fit("", width)
        columns = self._columns(width)
        return (
            fit(" neuron", columns.name + 2)
            + fit("words here", columns.before + len(ARROW))
            + fit("words there", columns.after)
            + fit("score", MOVED, right=True)
            + " "
            + fit("because", columns.because)
            + (fit("r", R, right=True) if columns.r else "")
        )

    def _columns(self, width: int) -> _Columns:
        name = min(self._names.longest, max(10, width // 4))
        r = R if self._partners else 0
        because = min(max(self._because, len("because")), max(8, width // 5))
        left = width - name - 1 - len(ARROW) - MOVED - 1 - because - r
        if left < 2 * NARROWEST_WORDS:
            left, r = left + r, 0
        before = max(0, left // 2)
        return _Columns(name, before, max(0, left - before), because, r)

    def action_open(self) -> None:
        if row := self.here():
            self.post_message(self.Chosen(row))

    def action_ask(self, what: str) -> None:
        self.post_message(self.Asked(what))

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()


def _because(row: Row) -> str:
    return clean(" and ".join(row.because))


def title_of(row: Row) -> str:
    """The neuron with its class, and its match."""
    partner = partner_of(row)
    return f"{name_of(row)} → {partner}" if partner else name_of(row)
