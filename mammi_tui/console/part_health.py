"""What is wrong with the files of an unfinished run: its work file, and the files of its shards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from engine.store.part_file import Damaged, PartFile

_MAGIC, _LIVE, _SEALED = b"SQLite format 3\0", ".work", ".shard"
DAMAGED = "damaged"
_WHAT = {"arrays": "arrays", "unit_maps": "pieces of maps", "looked_up": "films looked up", "facts": "facts"}


def files(path: Path) -> list[Path]:
    """The file of an unfinished run at this path, or those of a folder of shards; [] for anything else."""
    return sorted(filter(_is_part_file, path.iterdir() if path.is_dir() else [path]))


def _is_part_file(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix in (_LIVE, _SEALED) or file.read(len(_MAGIC)) == _MAGIC


def health(path: Path) -> Iterator[tuple[str, str]]:
    """Goes over all rows of a work file or shard. Gives what is whole, and under "damaged" what is not.

    Raises RunFileError where another process is writing it, and where it is of another version.
    """
    with closing(PartFile.unchecked(path, live=path.suffix == _LIVE)) as file:
        try:
            file.check_version()
        except Damaged as error:
            yield DAMAGED, str(error)
            return
        rows = file.verified()
        rows.are_all()
    results = rows.taken.total() - sum(rows.taken[table] for table in _WHAT)
    yield "whole", f"{results:,} results of films, of {len(rows.taken.keys() - _WHAT.keys())} parts"
    for table, what in _WHAT.items():
        if rows.taken[table]:
            yield "whole", f"{rows.taken[table]:,} {what}"
    for table, lost in rows.lost.items():
        yield DAMAGED, f"{lost:,} {_WHAT.get(table, table)}"
    if rows.unread:
        yield DAMAGED, "its pages or indexes: how many rows that concerns is not known"
