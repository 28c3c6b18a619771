"""The lines of a verdict log as they stand in the file, each with its place in the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from engine.limits import limits, named
from mammi_tui.verdicts.lines import LONGEST_LINE, Line, hash_of_bytes, parse_line


class Entry(NamedTuple):
    """One line of a file, which may be damaged."""

    number: int
    """From 1; blank lines do not count"""
    line: Line | None
    """None for a damaged line. The line's own hash is set also where the file has none."""
    hash: str
    raw: bytes
    """As it stands in the file; of a line much longer than LONGEST_LINE the beginning"""


START = Entry(0, None, "", b"")
"""Stands before the first line"""


def entry_after(last: Entry, raw: bytes) -> Entry:
    """The line after `last`."""
    line, number = parse_line(raw), last.number + 1
    if line is None or line.state == "unsealed":
        found = hash_of_bytes(last.hash, raw)
        return Entry(number, replace(line, hash=found, number=number) if line else None, found, raw)
    return Entry(number, line, line.hash, raw)


def entries_of(readline: Callable[[int], bytes], last: Entry = START) -> Iterator[Entry]:
    """The lines of a binary file that follow `last`. Raises OSError for more than engine.limits allows."""
    size, allowed = 0, limits()
    for raw in _raw_lines(readline):
        size += len(raw)
        if last.number >= allowed.rows:  # no number of the system's errors, which would tell its own reason
            raise OSError(0, f"it has more than {allowed.rows:,} lines ({named('rows')})")
        if size > allowed.text_mb << 20:
            raise OSError(0, f"it is larger than {allowed.text_mb:,} MB ({named('text_mb')})")
        last = entry_after(last, raw)
        yield last


def _raw_lines(readline: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of a file that are not blank, none much longer than LONGEST_LINE."""
    while raw := readline(LONGEST_LINE + 1):
        whole = raw
        while len(whole) > LONGEST_LINE and not whole.endswith(b"\n"):
            whole = readline(LONGEST_LINE + 1) or b"\n"
        if raw.strip():
            yield raw
