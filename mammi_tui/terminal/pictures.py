"""Pictures in pixels over the cells of a screen: where they are seen, and what each way of sending them promises.

A widget draws a film with cells, and says where a sharp picture of it may lie over them (`ShowsPictures`). Before cells
are sent, the terminal's `Pictures` take the place of those that a reader can see. What stands in front of a film stays
text, and where no picture can lie, the film is drawn with its cells.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from textual.geometry import Region
from textual.screen import Screen

from mammi_tui.terminal.sent_cells import Over, SentCells


@dataclass(frozen=True, slots=True, eq=False)
class Sharp:
    """A picture as one way of sending it takes it."""

    region: Region
    """The cells that it fills, within the area that it was made for"""
    data: str
    key: bytes
    """Stands for the data and the size in cells"""
    pixels: int
    """How many it has"""
    cell: tuple[int, int]
    """Pixels of a cell for which it was made: columns, rows"""


class Sight(NamedTuple):
    """A picture on the screen."""

    region: Region
    sharp: Sharp
    seen: tuple[Region, ...]
    """The parts of the region that nothing covers"""

    @property
    def is_whole(self) -> bool:
        return self.seen == (self.region,)


class ShowsPictures:
    """A widget with pictures."""

    def pictures(self) -> Iterable[tuple[Region, Sharp]]:
        """The pictures that it would show now, each with its cells within the widget."""
        raise NotImplementedError


class Pictures(Protocol):
    """What the terminal shows in pixels. Used on the app's thread, but for `farewell`.

    An update of the screen calls `lay`, sends what it returns, then the cells, and then what `after` returns.
    """

    cell: tuple[int, int]
    """Pixels of a cell: columns, rows"""
    over: Over
    """The cells that stand for pictures, since the last `lay`"""
    beneath: frozenset[int]
    """Styles of the cells of `over` that a picture hides wholly"""
    wait: float | None
    """Seconds after which a picture that could not be sent in the last `lay` may be; None where there is none"""

    def lay(self, sights: Sequence[Sight], sent: SentCells) -> str:
        """Decides on the pictures of a screen; returns what to send before its cells."""
        ...

    def after(self, is_touched: Callable[[Region], bool]) -> str:
        """What to send after the cells. `is_touched` tells whether cells of a region have just been sent."""
        ...

    def forget(self) -> None:
        """The terminal may hold and show anything: all is sent again."""

    def regained(self) -> None:
        """The terminal is looked at again: it may be another, or may not have been given what was sent meanwhile."""

    def farewell(self) -> str:
        """What takes all pictures off the terminal. Called from any thread, also while a picture is half sent."""
        ...


_SHORTEST = 0.001
"""Seconds of the shortest wait: a timer of almost none may be lost"""


class Allowance:
    """How many bytes of pictures may be sent: so many a second, and so many at once after a rest.

    Cells are sent in any case, so that a key never waits for pictures on a slow line.
    """

    def __init__(self, rate: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Bytes a second, and bytes."""
        self._rate, self._most, self._clock = rate, at_once, clock
        self._left, self._at = at_once, clock()

    def take(self, size: int) -> float:
        """Takes the bytes of a picture and returns 0, or the seconds after which they can be taken."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        if (missing := min(size, self._most) - self._left) > 0:
            return max(missing / self._rate, _SHORTEST)
        self._left -= size
        return 0.0


NEAR = (8e6, 1e6)
"""Bytes a second and at once to a terminal on this computer"""
FAR = (250e3, 100e3)
"""Bytes a second and at once over SSH"""


def sights(screens: Iterable[Screen[object]]) -> list[Sight]:
    """The pictures of which anything is to be seen. The screens in front come first; one that dims hides pictures."""
    found: list[Sight] = []
    before: list[Region] = []
    for screen in screens:
        for widget, (region, clip) in screen._compositor.visible_widgets.items():  # those in front come first
            part = region.intersection(clip)
            if isinstance(widget, ShowsPictures):
                for area, sharp in widget.pictures():
                    placed = area.translate(region.offset)
                    if seen := tuple(_uncovered(placed.intersection(part), before)):
                        found.append(Sight(placed, sharp, seen))
            if widget is not screen:
                before.append(part)
        if screen.styles.background.a:
            break
    return found


def _uncovered(area: Region, covers: Iterable[Region]) -> Iterator[Region]:
    """The parts of an area that no cover hides."""
    parts = [area] if area else []
    for cover in covers:
        if not any(part.overlaps(cover) for part in parts):
            continue
        parts = [rest for part in parts for rest in _without(part, cover)]
    return iter(parts)


def _without(part: Region, cover: Region) -> Iterator[Region]:
    """Up to four regions that make up a region without a cover."""
    hidden = part.intersection(cover)
    if not hidden:
        yield part
        return
    for rest in (
        Region.from_corners(part.x, part.y, part.right, hidden.y),
        Region.from_corners(part.x, hidden.bottom, part.right, part.bottom),
        Region.from_corners(part.x, hidden.y, hidden.x, hidden.bottom),
        Region.from_corners(hidden.right, hidden.y, part.right, hidden.bottom),
    ):
        if rest:
            yield rest


def cell_pixels() -> tuple[int, int] | None:
    """Pixels of a cell of the terminal that is drawn on, where it tells."""
    try:
        import fcntl
        import termios

        packed = fcntl.ioctl(sys.__stderr__ or 2, termios.TIOCGWINSZ, bytes(8))  # noqa: TID251 (its size is asked)
    except (ImportError, OSError, ValueError):
        return None
    rows, columns, width, height = struct.unpack("HHHH", packed)
    return (width // columns, height // rows) if columns and rows and width >= columns and height >= rows else None
