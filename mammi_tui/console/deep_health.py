"""Goes over every row of a run file: what is damaged, and what can still be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RunFileError
from engine.progress import Progress
from engine.run.salvaging import usable
from engine.store.reader import RunReader
from engine.store.verifying import damages
from mammi_tui.console.run_health import faults

_NAMED = 40
"""The most damages that are named"""


@dataclass(frozen=True, slots=True)
class Health:
    """What `check` found. Each text is a line."""

    damaged: tuple[str, ...]
    whole: tuple[str, ...]
    """What `mammi salvage` would take over, where something is damaged"""


def check(path: Path, progress: Progress) -> Health:
    """Goes over every row and, where all are as they were written, answers again for every unit.

    A damage raises nothing.
    """
    progress.stage("rows", 1)
    damaged = tuple(each.what for each in damages(path))
    progress.advance(1)
    if not damaged:
        with RunReader(path) as reader:
            return Health(tuple(faults(reader, progress)), ())
    try:
        whole = tuple(str(each) for each in usable(path, progress) if each.taken)
    except RunFileError:
        whole = ()
    more = (f"and {len(damaged) - _NAMED:,} more",) if len(damaged) > _NAMED else ()
    return Health((*damaged[:_NAMED], *more), whole)
