"""The folder beside a run file in which shards keep what they compute: one file for each process.

A process writes `I-of-N.work` and holds a lock on it. When it is done, or once nobody holds the lock any more, the file
is sealed: it gets a name that no other file has, and is only read from then on. So many processes on many machines may
read it, without locks.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from engine.errors import RunFileError, writing
from engine.store.lock_holder import writing_now
from engine.store.part_file import InUse, PartFile
from engine.store.set_aside_files import Mended, set_aside
from engine.store.work import WorkFile, replacing, work_path

_SEALED, _LIVE = ".shard", ".work"
_NAME = re.compile(r"(\d{1,9})-of-(\d{1,9})\.")
MOST = 100_000
"""The most shards of a run"""
_WAIT = 0.5
"""Seconds after which a lock is tried again: another process may be about to seal the file"""
_TRIES = 4


class ShardName(NamedTuple):
    """Which of how many shards, from 1."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"


class ShardFolder:
    """The folder `OUT.shards` of the run file OUT. It need not exist."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.mended: list[Mended] = []
        """What became of damaged files, in this process"""
        self.path = out.with_name(f"{out.name}.shards")

    def open(self, shard: ShardName) -> WorkFile:
        """The file that this process writes for a shard; an abandoned one is continued.

        Raises RunFileError when another process is computing the shard or the file cannot be written.
        """
        with writing(self.path, kind=RunFileError):
            self.path.mkdir(parents=True, exist_ok=True)
        path = self.path / f"{shard.number}-of-{shard.total}{_LIVE}"
        for left in reversed(range(_TRIES)):
            before = _inode(path)
            try:
                work = WorkFile(path)
            except InUse:
                if not left:
                    raise InUse(
                        f"{path}: {writing_now(path)}: shard {shard} is being computed; wait for it to end, or "
                        "give this one another number"
                    ) from None
                time.sleep(_WAIT)
                continue
            if (before in (None, _inode(path)) and path.exists()) or work.mended:
                self._tell(work)
                return work
            work.close()  # sealed by another process since it was opened
        raise RunFileError(f"{path}: other processes keep renaming it; run the shard again")

    def seal(self, work: WorkFile) -> None:
        """Ends the writing of a file of this folder, or of an unfinished run: the folder then holds it for all to read.
        An empty one is deleted."""
        if work.is_empty():
            work.delete()
            return
        stem = work.path.name.partition(".")[0]
        if work.path.parent != self.path:
            stem = "run"
            with writing(self.path, kind=RunFileError):
                self.path.mkdir(parents=True, exist_ok=True)
        work.seal(self.path / f"{stem}.{secrets.token_hex(4)}{_SEALED}")

    def seal_abandoned(self, mine: Path | None = None) -> list[ShardName]:
        """Seals the files that no process holds; returns the shards of those that are held. `mine` is left as it is."""
        paths = [path for path in sorted(self.path.glob(f"*{_LIVE}")) if path != mine and _shard(path)]
        held = [path for path in paths if not self._seal_if_free(path)]
        if held:
            time.sleep(_WAIT)
        return [shard for path in held if path.exists() and not self._seal_if_free(path) and (shard := _shard(path))]

    def seal_unfinished_run(self) -> None:
        """Makes what an unfinished run in one process has computed readable for all shards.

        Raises InUse when that run, or a merge, is going on.
        """
        path = work_path(self._out)
        for _ in range(_TRIES):
            if not path.exists() or self._seal_if_free(path):
                return
            time.sleep(_WAIT)
        raise InUse(f"{path}: {writing_now(path)}: a run or a merge is going on; wait for it to end")

    def _seal_if_free(self, path: Path) -> bool:
        try:
            work = WorkFile(path)
        except InUse:
            return False
        self._tell(work)
        try:
            self.seal(work)
        except FileNotFoundError:
            work.close()  # another process was quicker
        return True

    def mend_sealed(self) -> None:
        """Sets damaged sealed files aside; a file of the whole rows takes the place of each. Goes over all of them.

        Raises RunFileError where one is of another version, or cannot be renamed.
        """
        for path in self.sealed():
            file = PartFile.unchecked(path)
            try:
                if file.is_whole():
                    continue
                rows = file.verified()
                with replacing(path) as work:
                    work.take_over(rows)
                    self.seal(work)
            finally:
                file.close()
            self.mended.append(Mended(path, set_aside(path), *rows.counts()))

    def _tell(self, work: WorkFile) -> None:
        if work.mended:
            self.mended.append(work.mended)

    def sealed(self) -> list[Path]:
        """The sealed files."""
        return sorted(self.path.glob(f"*{_SEALED}"))

    def newest_total(self) -> int | None:
        """N of the shard I/N whose file was written last; None where there is none."""
        files = [path for path in self.path.glob("*") if _shard(path)] if self.path.is_dir() else []
        newest = max(files, key=_written, default=None)
        shard = None if newest is None else _shard(newest)
        return None if shard is None else shard.total

    def delete(self, paths: Sequence[Path]) -> None:
        """Deletes sealed files, and the folder if nothing is left in it."""
        for path in paths:
            with writing(path, fault="the run file is whole, but this cannot be deleted", kind=RunFileError):
                path.unlink(missing_ok=True)
        with suppress(OSError):  # there is none, or it is not empty
            self.path.rmdir()


def _shard(path: Path) -> ShardName | None:
    """The shard whose name a file has; None for another file."""
    found = _NAME.match(path.name)
    shard = ShardName(int(found[1]), int(found[2])) if found else None
    return shard if shard and 1 <= shard.number <= shard.total <= MOST else None


def _written(path: Path) -> int:
    """When a file was written last; 0 for one that another process has taken away."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
