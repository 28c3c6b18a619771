"""Looks for lines of a verdict log that were altered, dropped, moved or damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mammi_tui.text import count
from mammi_tui.verdicts.entries import Entry
from mammi_tui.verdicts.heads import Head

LEAST_DIGITS = 8
"""Of a hash that names a line"""
_CUT = "the log was cut off, or replaced by another"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a line, or between it and the line before."""

    number: int
    """The line in the file, from 1; blank lines do not count"""
    what: str


def faults(entries: Sequence[Entry]) -> list[Fault]:
    """What is wrong with a log, in the order of its lines."""
    places = {entry.hash: entry.number for entry in entries}
    befores = [None, *entries][: len(entries)]
    found = [_fault(before, entry, places) for before, entry in zip(befores, entries, strict=True)]
    return [Fault(entry.number, what) for entry, what in zip(entries, found, strict=True) if what]


def _fault(before: Entry | None, entry: Entry, places: dict[str, int]) -> str:
    line = entry.line
    if line is None:
        return "is damaged: it cannot be read"
    if line.state == "unsealed":
        sealed_before = before is not None and not (before.line and before.line.state == "unsealed")
        return "has no hash, but stands after lines that have one" if sealed_before else ""
    return "; ".join([*(["was altered"] if line.state == "altered" else []), *_broken(before, entry, places)])


def _broken(before: Entry | None, entry: Entry, places: dict[str, int]) -> Iterator[str]:
    """What is wrong between a line with a hash and the line before it."""
    line = entry.line
    if line is None or line.previous == (before.hash if before else ""):
        return
    number = before.line.number if before and before.line else before.number if before else 0
    if line.previous in places:
        yield f"was moved, or lines before it were put in: it was written after line {places[line.previous]}"
    elif line.number > number + 1:
        dropped = line.number - number - 1
        yield f"{count(dropped, 'line')} before it {'was' if dropped == 1 else 'were'} dropped"
    elif before is None:
        yield "does not begin the log: lines before it were dropped"
    else:
        yield f"was not written after line {before.number}: that line, or one before it, was altered, dropped or put in"


def head_faults(entries: Sequence[Entry], given: str | None, seen: Head | None) -> Iterator[str]:
    """What is wrong with a log that lacks a line which was its last before: `given` by its hash, or the first digits
    of it; or `seen` on this machine."""
    if given is not None:
        wanted = given.strip().lower()
        if len(wanted) < LEAST_DIGITS:
            yield f"--head needs {LEAST_DIGITS} digits or more"
        elif not any(entry.hash.startswith(wanted) for entry in entries):
            yield f"no line has the hash {given}: {_CUT}"
    if seen is not None and not seen.is_in(entries):
        yield f"this machine has seen a line {seen.number} with the hash {seen.hash[:12]}… that is not there: {_CUT}"


def unsealed(entries: Sequence[Entry]) -> int:
    """The number of lines of earlier versions, which have no hash of their own."""
    return sum(1 for entry in entries if entry.line and entry.line.state == "unsealed")
