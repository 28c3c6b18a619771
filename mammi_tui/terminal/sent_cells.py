"""The cells that have been sent to the terminal, and which of them an update changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

# Text whose every character takes one cell: Latin, Greek, punctuation, arrows, lines, blocks and shapes.
_NARROW = re.compile(
    r"[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u03ff\u2010-\u2027\u2190-\u22ff\u2400-\u2426\u2500-\u25fc\u25ff]*"
)

# Up to this many unchanged cells between two changed ones are sent too: that is cheaper than moving the cursor.
_GAP = 2

Cell = tuple[str, int]
"""A character and the number of its style. Text with characters of other widths is one cell, then come empty ones."""

Span = tuple[int, int]
"""The first column and the column after the last"""


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

    def __getitem__(self, number: int) -> Style | None:
        return self._styles[number]


class SentCells:
    """The cells that this process has sent to the terminal."""

    def __init__(self) -> None:
        self.styles = Styles()
        self._rows: list[list[Cell | None]] = []

    def forget(self) -> None:
        """Makes the next update send every cell, because the terminal may show anything."""
        self._rows = []

    def resize(self, size: Size) -> None:
        if len(self._rows) != size.height or (self._rows and len(self._rows[0]) != size.width):
            self._rows = [[None] * size.width for _ in range(size.height)]

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
        """Records the strip as sent at (x, y); yields the runs of cells that it changes, each with its first column."""
        new: list[Cell] = []
        for text, style, _ in strip:
            new += cells(text, self.styles.number(style))
        if not 0 <= y < len(self._rows):
            yield x, new
            return
        row = self._rows[y]
        del new[max(0, len(row) - x) :]
        old = row[x : x + len(new)]
        if old == new:
            return
        row[x : x + len(new)] = new
        changed = _changed(old, new)
        start = end = changed[0]
        for place in changed[1:]:
            if place - end > _GAP + 1:
                yield x + start, new[start : end + 1]
                start = place
            end = place
        yield x + start, new[start : end + 1]


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
    """The cells of one segment in a style of this number."""
    if _NARROW.fullmatch(text):
        return [(character, style) for character in text]
    length = cell_len(text)
    return [(text, style), *[("", style)] * (length - 1)][:length]
