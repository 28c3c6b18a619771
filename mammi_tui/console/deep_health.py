"""Goes over every row of a run file: what is damaged, and what can still be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RunFileError
from engine.progress import Progress
from engine.run.salvaging import usable
from engine.store.content_again import content_again
from engine.store.reader import RunReader
from engine.store.verifying import damages
from mammi_tui.console.run_health import faults

_NAMED = 40
"""The most damages that are named"""
_SAME = "The content hash is that of its rows."
_UNKNOWN = "The content hash cannot be computed again: an earlier version wrote the file, and kept less of its images."


@dataclass(frozen=True, slots=True)
class Health:
    """What `check` found. Each text is a line."""

    damaged: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    """What `mammi salvage` would take over, where something is damaged"""
    faults: tuple[str, ...] = ()
    """What does not follow from rows that are as they were written"""
    content: str = ""
    """What was found of the content hash, where nothing is damaged"""


def check(path: Path, progress: Progress) -> Health:
    """Goes over every row and, where all are as they were written, answers again for every unit and computes the
    content hash again.

    A damage raises nothing.
    """
    damaged = tuple(each.what for each in damages(path, progress))
    if not damaged:
        with RunReader(path) as reader:
            found, hashed = [*faults(reader, progress)], content_again(reader, progress)
            if hashed not in (None, reader.info.content_hash):
                found.append(f"the content hash of its rows is {hashed}, and not {reader.info.content_hash}")
            return Health(faults=tuple(found), content=_UNKNOWN if hashed is None else _SAME)
    try:
        whole = tuple(str(each) for each in usable(path, progress) if each.taken)
    except RunFileError:
        whole = ()
    more = (f"and {len(damaged) - _NAMED:,} more",) if len(damaged) > _NAMED else ()
    return Health((*damaged[:_NAMED], *more), whole)
