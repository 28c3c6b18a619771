"""Goes over every row of a run file: what is damaged, and what can still be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RunFileError
from engine.progress import Progress
from engine.run.salvaging import usable
from engine.store.reader import RunReader
from mammi_tui.console.run_health import faults


@dataclass(frozen=True, slots=True)
class Health:
    """What `check` found. Each text is a line."""

    damaged: tuple[str, ...]
    whole: tuple[str, ...]
    """What `mammi salvage` would take over"""


def check(path: Path, progress: Progress) -> Health:
    """Reads all parts of all films, and answers again for every unit."""
    whole: tuple[str, ...] = ()
    damaged = []
    try:
        taken = usable(path, progress)
        whole = tuple(str(each) for each in taken if each.taken)
        damaged += [f"{each.what}: {each.every - each.taken:,} of {each.every:,}" for each in taken if each.lacks]
        with RunReader(path) as reader:
            damaged += faults(reader, progress)
    except RunFileError as error:
        damaged.append(str(error))
    return Health(tuple(damaged), whole)
