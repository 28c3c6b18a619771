"""Pictures by sixels: pixels that lie over the cells, until a cell beneath is written.

A picture is sent where all of its cells are seen, as what stands before a part of it would be hidden by it; elsewhere
the film is drawn with cells. It never reaches into the last line, where a terminal may scroll after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.color import Color
from rich.style import Style
from textual.geometry import Region

from mammi_tui.terminal.pictures import Allowance, Sharp, Sight
from mammi_tui.terminal.sent_cells import Over, SentCells, Styles

_BLACK = Style(bgcolor=Color.from_rgb(0, 0, 0))
_MARKS = 4096
"""Numbers of styles by which cells beneath pictures are told apart: more than there are pictures on a screen"""
BAND = 6
"""Pixels of a sixel from top to bottom"""


class SixelPictures:
    """Sends pictures that have changed, moved, or been written on."""

    def __init__(self, *, cell: tuple[int, int], allowance: Allowance) -> None:
        self.cell = cell
        self.over: Over = {}
        self.beneath: frozenset[int] = frozenset()
        self.wait: float | None = None
        self._allowance = allowance
        self._marks: list[int] = []
        self._next = 0
        self._shown: dict[tuple[Region, bytes], tuple[Sharp, int]] = {}
        """What is on screen, by place and content, with the mark of its cells"""
        self._new: set[tuple[Region, bytes]] = set()

    def lay(self, sights: Sequence[Sight], sent: SentCells) -> str:
        self.wait = None
        shown: dict[tuple[Region, bytes], tuple[Sharp, int]] = {}
        self._new = set()
        for region, sharp, _ in (sight for sight in sights if self._has_place(sight, sent)):
            place = region, sharp.key
            if (found := self._shown.get(place)) is not None:
                shown[place] = found
            elif seconds := self._allowance.take(len(sharp.data)):
                self.wait = min(seconds, self.wait or seconds)
            else:
                self._new.add(place)
                shown[place] = sharp, self._mark(sent.styles)
        if shown.keys() != self._shown.keys():
            self._shown = shown
            self.over = self._cells(sent.styles)
            self.beneath = frozenset(self._marks)
        return ""

    def after(self, is_touched: Callable[[Region], bool]) -> str:
        return "".join(
            f"\x1b[{place[0].y + 1};{place[0].x + 1}H{sharp.data}"
            for place, (sharp, _) in self._shown.items()
            if place in self._new or is_touched(place[0])
        )

    def forget(self) -> None:
        self._shown = {}

    def regained(self) -> None:
        """tmux keeps sixels itself."""

    def farewell(self) -> str:
        """Ends a picture that has been sent in part. The screen that is left takes the others with it."""
        return "\x1b\\" if self._shown else ""

    def _has_place(self, sight: Sight, sent: SentCells) -> bool:
        return sight.is_whole and sight.sharp.cell == self.cell and sight.region.bottom < sent.height

    def _mark(self, styles: Styles) -> int:
        """A style of a black cell that no other picture on screen has."""
        if len(self._marks) < _MARKS:
            self._marks.append(styles.another(_BLACK))
        self._next = (self._next + 1) % _MARKS
        return self._marks[self._next % len(self._marks)]

    def _cells(self, styles: Styles) -> Over:
        """Black cells beneath each picture. Those that it does not fill are never taken for those of another."""
        over: Over = {}
        for (region, _), (_, mark) in self._shown.items():
            filled = region.height * self.cell[1] // BAND * BAND // self.cell[1]
            for y in range(region.y, region.bottom):
                cell = (" ", mark) if y < region.y + filled else ("\u00a0", styles.number(_BLACK))
                over.setdefault(y, {}).update(dict.fromkeys(range(region.x, region.right), cell))
        return over
