"""The lines of the check-up, and below them the whole sentence of the line under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.annotation.cuts import Cuts
from mammi_tui.findings_of_checks import counted, mark, said
from mammi_tui.text import clean, fit, wrap
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

if TYPE_CHECKING:
    from engine.decisions.checkup.base import Check, Finding

_COUNT = 18
"""Cells of a count, such as "144 of 311 neurons", before a title"""
_STYLES = {"!": "line--unsure", "?": "line--muted", "·": "line--muted", "…": "line--faint"}


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check with what it has found so far."""

    check: Check
    finding: Finding | None = None
    old: bool = False
    """Whether it was found at other cuts"""


class CheckList(LineList):
    """One line for each check. The rows below have the sentence of the cursor's line, and what Enter does."""

    BINDING_GROUP_TITLE = "Check-up"
    HELP = """
    What a careful colleague would look at first. `!` marks a line that found something, `?` one that could not look.
    Enter shows its neurons, or its first class. The filter `check:NAME` finds the same.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="checkup.open", tooltip="Show what the line has found"),
        Binding(
            "escape", "screen.history(-1)", "Back", show=False, id="checkup.back", tooltip="Back to where you were"
        ),
    ]

    @dataclass
    class Opened(Message):
        """The reader goes on to what a line has found."""

        line: CheckLine

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cuts: Cuts | None = None
        self.lines: list[CheckLine] = []
        """Empty before the check-up is first looked at: the explorer starts without the checks"""

    @property
    def unanswered(self) -> int:
        """Lines whose check is not made yet at the present cuts."""
        return sum(line.finding is None or line.old for line in self.lines)

    def begin(self, cuts: Cuts) -> None:
        """Dims what was found at other cuts."""
        self.cuts = cuts
        self.lines = [replace(line, old=True) for line in self.lines]
        self.rows_changed()

    def set_out(self) -> None:
        """Draws a line for each check, unless that is done."""
        if not self.lines:
            from engine.decisions.checkup.checks import CHECKS

            self.lines = [CheckLine(check) for check in CHECKS]
            self.rows_changed()

    def take(self, name: str, finding: Finding) -> None:
        """Draws what a check has found; the filter may have asked for it before the check-up was looked at."""
        self.set_out()
        self.lines = [CheckLine(line.check, finding) if line.check.name == name else line for line in self.lines]
        self.rows_changed()

    def row_count(self) -> int:
        return len(self.lines) + 1 + len(self._below(max(1, self.scrollable_content_region.width - 2)))

    def can_stand_on(self, index: int) -> bool:
        return index < len(self.lines)

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self.rows_changed()

    def row(self, index: int, width: int) -> Iterable[Part]:
        if index < len(self.lines):
            yield from self._line(self.lines[index], width)
            return
        below = self._below(width - 1)
        place = index - len(self.lines) - 1
        text, style = below[place] if 0 <= place < len(below) else ("", "line--text")
        yield fit(text, width), style

    def _line(self, line: CheckLine, width: int) -> Iterable[Part]:
        if line.finding is None:
            yield fit(f"… {line.check.title}", width), _STYLES["…"]
            return
        sign = mark(line.finding)
        style = "line--stale" if line.old else _STYLES[sign]
        yield f"{sign} ", style
        plain = "line--stale" if line.old else "line--text" if sign == "!" else "line--muted"
        text = said(line.check, line.finding)
        if cell_len(text) > width - 2:
            text = f"{fit(counted(line.check, line.finding), _COUNT)} {line.check.title}" if sign != "?" else text
        yield fit(text, width - 2), plain

    def _below(self, width: int) -> list[Part]:
        """The rows below the lines: the sentence of the cursor's line."""
        if not self.lines:
            return []
        line = self.lines[min(self.cursor, len(self.lines) - 1)]
        if line.finding is None:
            return [(text, "line--muted") for text in wrap(f"{line.check.title}: being looked at", width)]
        told = [(text, "line--text") for text in wrap(f"{said(line.check, line.finding)}.", width)]
        if line.finding.classes:
            told.append((clean(f"Enter: the class {line.finding.classes[0]}"), "line--muted"))
        elif line.finding.neurons:
            told.append((f"Enter: its neurons, as the filter check:{line.check.name}", "line--muted"))
        return told

    def action_open(self) -> None:
        if self.lines:
            self.post_message(self.Opened(self.lines[self.cursor]))

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()
