"""Gives damaged files another name, so that nothing is lost, and another file may take their place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from engine.errors import RunFileError, writing


@dataclass(frozen=True, slots=True)
class Mended:
    """A damaged work file or shard; what was whole in it has been taken over."""

    path: Path
    aside: Path
    """Where the damaged file is now"""
    taken: int
    """Rows that were whole"""
    lost: int
    """Rows that were not; what stood on pages that cannot be read is not counted"""

    def __str__(self) -> str:
        taken = f"{self.taken:,} of its results are whole and taken over" if self.taken else "none of it is whole"
        lost = f" ({self.lost:,} or more)" if self.lost else ""
        return (
            f"{self.path}: it was damaged; {taken}, the rest{lost} must be computed again. "
            f"The damaged file is kept as {self.aside.name}"
        )


def set_aside(path: Path) -> Path:
    """Renames a file, with its journal, to the first of FILE.damaged, FILE.damaged-2 … that does not exist.

    Returns its new path. Raises RunFileError where it cannot be renamed.
    """
    names = (f"{path.name}.damaged{f'-{number}' if number > 1 else ''}" for number in count(1))
    aside = next(free for name in names if not (free := path.with_name(name)).exists())
    with writing(path, fault="it is damaged, and cannot be renamed", kind=RunFileError):
        path.rename(aside)
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():  # SQLite would undo in the new file what was begun in this one
            journal.rename(aside.with_name(f"{aside.name}-journal"))
    return aside
