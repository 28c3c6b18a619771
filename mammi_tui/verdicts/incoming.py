"""Reads verdict lines from a file of another reader: JSON lines or CSV, as `mammi verdicts export` writes them."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from engine.errors import MammiError, why_not
from engine.store.tables import for_spreadsheets
from engine.text_files import TextFiles, UnreadableText
from mammi_tui.verdicts.entries import entries_of
from mammi_tui.verdicts.lines import Line, parse_line
from mammi_tui.verdicts.table import SHOWN, shown

_START = 1 << 16
"""Bytes in which a file begins to say something"""
_HASH = re.compile(r"[0-9a-f]{64}")
_NEEDED = {*SHOWN, "hash", "line"}


class Incoming(NamedTuple):
    """One line of the file; `why` says what is wrong with it where it is None."""

    number: int
    """From 1: of a JSON line, or of a row below the heads"""
    line: Line | None
    why: str = ""


def read_incoming(path: Path) -> list[Incoming]:
    """The lines of a file. Raises MammiError where it cannot be read, or is nothing that was exported."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(0, "it is no regular file")
        with path.open("rb") as file:
            start = file.read(_START).removeprefix(b"\xef\xbb\xbf").lstrip()
            if start.startswith(b"{"):
                file.seek(0)
                return [Incoming(entry.number, *_sound(entry.line)) for entry in entries_of(file.readline)]
    except OSError as error:
        raise MammiError(f"{path}: cannot be read: {why_not(error)}") from error
    return list(_rows(path)) if start else []


def _sound(line: Line | None) -> tuple[Line | None, str]:
    if line is None:
        return None, "is damaged: it cannot be read"
    if line.state == "altered":
        return None, "was altered: its hash does not fit"
    return line, ""


def _rows(path: Path) -> Iterator[Incoming]:
    try:
        rows = ((line, cells) for line, cells in TextFiles("utf-8-sig").records(path, ",") if cells)
        _, names = next(rows, (0, []))
        missing = _NEEDED.difference(names)
        if missing:
            raise MammiError(
                f"{path}: is neither JSON lines nor CSV as `mammi verdicts export` writes them: "
                f"no column {sorted(missing)[0]}"
            )
        places = {name: names.index(name) for name in _NEEDED}
        for number, (_, cells) in enumerate(rows, 1):
            row = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
            yield Incoming(number, *_of_row(row))
    except UnreadableText as error:
        raise MammiError(f"{error} It is neither JSON lines nor CSV as `mammi verdicts export` writes them.") from error


def _of_row(row: dict[str, str]) -> tuple[Line | None, str]:
    """The line in a row, and what is wrong with it."""
    line, why = _sound(parse_line(row["line"].encode(errors="surrogatepass")))
    if line is None:
        return line, why
    for name, text in shown(line).items():
        if _plain(row[name]) != _plain(text):
            return None, f"was altered: its {name} is not that of its line"
    if line.state == "unsealed":
        if not _HASH.fullmatch(row["hash"]):
            return None, "is damaged: it has no hash"
        line = replace(line, hash=row["hash"])
    return line, ""


def _plain(text: str) -> str:
    """A text without what CSV or a spreadsheet changes: apostrophes, control characters, blanks, ends of lines."""
    return " ".join(for_spreadsheets(text).replace("'", "").split())
