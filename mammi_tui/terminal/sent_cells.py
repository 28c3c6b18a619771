"""The cells that have been sent to the terminal, and which of them an update changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from engine.visible import HIDDEN, visible

# Text whose every character takes one cell: Latin, Greek, punctuation, arrows, lines, blocks and shapes.
_NARROW = re.compile(
    r"[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u03ff\u2010-\u2027\u2190-\u22ff\u2400-\u2426\u2500-\u25fc\u25ff]*"
)

# Up to this many unchanged cells between two changed ones are sent too: that is cheaper than moving the cursor.
_GAP = 2


class _Sent(dict[int, str]):
    """What is sent for each code point, filled in as code points occur."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        seen = visible(f"a{char}") == f"a{char}"
        self[code] = sent = char if seen else HIDDEN * cell_len(char)
        return sent


_SENT = _Sent()

Cell = tuple[str, int]
"""A character and the number of its style. Text with characters of other widths is one cell, then come empty ones."""

Span = tuple[int, int]
"""The first column and the column after the last"""

Run = tuple[int, int, list[Cell]]
"""The line, the first column, and cells side by side"""

Over = dict[int, dict[int, Cell]]
"""Cells that take the place of those that widgets draw, by line and column"""


class Styles:
    """Numbers styles, as numbers are quicker to compare."""

    def __init__(self) -> None:
        self._numbers: dict[Style | None, int] = {}
        self._styles: list[Style | None] = []

    def number(self, style: Style | None) -> int:
        if (number := self._numbers.get(style)) is None:
            number = self._numbers[style] = len(self._styles)
            self._styles.append(style)
        return number

    def another(self, style: Style) -> int:
        """A number of its own for a style that may have one already."""
        self._styles.append(style)
        return len(self._styles) - 1

    def __getitem__(self, number: int) -> Style | None:
        return self._styles[number]


class SentCells:
    """The cells that this process has sent to the terminal.

    Cells that stand for pictures are laid over those that widgets draw, which are kept for when the pictures go.
    """

    def __init__(self) -> None:
        self.styles = Styles()
        self._rows: list[list[Cell | None]] = []
        self._drawn: list[list[Cell | None]] = []
        """What widgets have drawn"""
        self._over: Over = {}
        self._before: Over = {}
        self._beneath: frozenset[int] = frozenset()

    def forget(self) -> None:
        """Makes the next update send every cell, because the terminal may show anything."""
        self._rows, self._drawn = [], []

    def resize(self, size: Size) -> None:
        """Takes the terminal's size. All is sent again where that is another one, or all was forgotten."""
        if len(self._rows) != size.height or (self._rows and len(self._rows[0]) != size.width):
            self._rows = [[None] * size.width for _ in range(size.height)]
            self._drawn = [row.copy() for row in self._rows]

    def cover(self, over: Over, beneath: frozenset[int] = frozenset()) -> None:
        """Lays these cells over those that widgets draw, in place of those before, for the changes from now on.

        `beneath` are the styles of cells that pictures hide: one takes the place of another without being sent.
        """
        self._before, self._over, self._beneath = self._over, over, beneath

    def uncovered(self) -> Iterator[Run]:
        """Records and yields what `cover` changed, and no update has sent since."""
        for y in self._before.keys() | self._over.keys() if self._before is not self._over else ():
            was, now = self._before.get(y, {}), self._over.get(y, {})
            if was is now or y >= len(self._drawn):
                continue
            drawn = self._drawn[y]
            places = sorted(x for x in was.keys() | now.keys() if x < len(drawn) and was.get(x) != now.get(x))
            for start, end in _spans(places):
                cells = [cell for x in range(start, end) if (cell := now.get(x) or drawn[x])]
                if len(cells) == end - start:
                    yield from ((y, x, run) for x, run in self._sent(y, start, cells))
        self._before = self._over

    @property
    def height(self) -> int:
        """Lines of the terminal, as far as they are known."""
        return len(self._rows)

    def whole_texts(self, y: int, spans: Iterable[Span]) -> list[Span]:
        """Disjoint spans of a line, ascending, each widened to begin and end where texts of wide characters do."""
        row = self._rows[y] if y < len(self._rows) else []
        widened: list[Span] = []
        for start, end in spans:
            while 0 < start < len(row) and _goes_on(row[start]):
                start -= 1
            while end < len(row) and _goes_on(row[end]):
                end += 1
            if widened and start <= widened[-1][1]:
                before = widened.pop()
                start, end = before[0], max(end, before[1])
            widened.append((start, end))
        return widened

    def changes(self, x: int, y: int, strip: Strip) -> Iterator[tuple[int, list[Cell]]]:
        """Records the strip as sent at (x, y); yields the runs of cells that it changes, each with its first column.

        What lies outside of the terminal is left out: it would be drawn over the last line or column.
        """
        if not 0 <= y < len(self._rows):
            return
        new: list[Cell] = []
        for text, style, _ in strip:
            new += cells(text, self.styles.number(style))
        del new[max(0, len(self._rows[y]) - x) :]
        self._drawn[y][x : x + len(new)] = new
        for column, cell in self._over.get(y, {}).items():
            if x <= column < x + len(new):
                new[column - x] = cell
        yield from self._sent(y, x, new)

    def _sent(self, y: int, x: int, new: list[Cell]) -> Iterator[tuple[int, list[Cell]]]:
        """Records cells as sent; yields the runs that were not there."""
        row = self._rows[y]
        old = row[x : x + len(new)]
        if old == new:
            return
        row[x : x + len(new)] = new
        if self._beneath:
            old = [now if was and {was[1], now[1]} <= self._beneath else was for was, now in zip(old, new, strict=True)]
            if old == new:
                return
        changed = _changed(old, new)
        start = end = changed[0]
        for place in changed[1:]:
            if place - end > _GAP + 1:
                yield x + start, new[start : end + 1]
                start = place
            end = place
        yield x + start, new[start : end + 1]


def _spans(places: list[int]) -> Iterator[Span]:
    """The spans of consecutive places, which ascend."""
    start = 0
    for index in range(1, len(places) + 1):
        if index == len(places) or places[index] != places[index - 1] + 1:
            yield places[start], places[index - 1] + 1
            start = index


def _changed(old: list[Cell | None], new: list[Cell]) -> list[int]:
    """The places where the two differ, ascending. A change inside a wider text counts from the text's first cell."""
    places = [place for place, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
    inside: set[int] = set()
    for place in places:
        while place and not new[place][0]:
            place -= 1
            inside.add(place)
    return sorted(inside.union(places)) if inside else places


def _goes_on(cell: Cell | None) -> bool:
    """Whether the cell belongs to a text that begins before it."""
    return cell is not None and not cell[0]


def cells(text: str, style: int) -> list[Cell]:
    """The cells of one segment in a style of this number. Whatever a widget draws, no text steers the terminal."""
    if _NARROW.fullmatch(text):
        return [(character, style) for character in text]
    length = cell_len(text)  # what the widget has measured stays true
    text = set_cell_size(text.translate(_SENT), length)
    return [(text, style), *[("", style)] * (length - 1)][:length]
