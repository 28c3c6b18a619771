"""Remembers the last line of each verdict log that this machine has seen: without it a log whose end was cut off is
whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from engine.parsing import Unparsable, parse_json
from engine.store.whole_file import write_over
from mammi_tui.state.file import state_home
from mammi_tui.verdicts.entries import Entry

LARGEST = 10_000
"""Bytes of such a file"""


class Head(NamedTuple):
    """A line that was the last."""

    number: int
    hash: str

    def is_in(self, entries: Sequence[Entry]) -> bool:
        """Whether the line is there, in whatever place, or has come back by an import."""
        if 0 < self.number <= len(entries) and entries[self.number - 1].hash == self.hash:
            return True
        return any(self.hash in (entry.hash, entry.line.imported if entry.line else "") for entry in entries)


def head_path(log: Path) -> Path:
    """The file that remembers a log's head: below $XDG_STATE_HOME, by default ~/.local/state."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(log))).hexdigest()[:24]
    return state_home() / "heads" / f"{name}.json"


def remembered(log: Path) -> Head | None:
    """The head that this machine saw last; None where it remembers none."""
    try:
        with head_path(log).open("rb") as file:
            found = parse_json(file.read(LARGEST))
        head = Head(found["number"], found["hash"])
    except (OSError, Unparsable, KeyError, TypeError):
        return None
    return head if type(head.number) is int and isinstance(head.hash, str) else None


def lost_head(log: Path, entries: Sequence[Entry]) -> str:
    """What to tell where the line that this machine saw last is gone; "" where it is there, or none is remembered."""
    head = remembered(log)
    if head is None or head.is_in(entries):
        return ""
    return f"{log.name} lacks line {head.number}, which this machine has seen: look with `mammi verdicts verify`"


def remember(log: Path, entries: Sequence[Entry]) -> None:
    """Remembers the last line, unless the one remembered is gone: that is for a person to look into.

    Does nothing where it cannot be written: then `mammi verdicts verify` says that no head is known.
    """
    if not entries:
        return
    before, now = remembered(log), Head(entries[-1].number, entries[-1].hash)
    if now == before or (before and not before.is_in(entries)):
        return
    with suppress(OSError, ValueError):
        write_over(head_path(log), json.dumps({"log": os.path.realpath(log), **now._asdict()}))
