"""The order in which acts were done. In a log it is the order of the lines, but for those imported from another log."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from mammi_tui.verdicts.lines import Line

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=1 << 16)
def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def when(line: Line) -> datetime | None:
    """The time of a line; None where it cannot be read."""
    return _time(line.time)


def moment(line: Line) -> tuple[datetime, int]:
    """Tells which of two lines of a log was done later: by time, then by place."""
    return when(line) or _EARLIEST, line.number


def in_order(lines: list[Line]) -> list[Line]:
    """The lines of a log in the order of their acts: an imported line goes where its time says.

    The others keep their order, also where a clock was put back.
    """
    if not any(line.imported for line in lines):
        return lines
    keys: list[tuple[datetime, int]] = []
    latest = _EARLIEST
    for place, line in enumerate(lines):
        time = when(line) or latest
        if not line.imported:
            time = latest = max(latest, time)
        keys.append((time, place))
    return [lines[place] for _, place in sorted(keys)]
