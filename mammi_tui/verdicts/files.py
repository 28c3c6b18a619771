"""Locks files, and tells whether they have changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.own_files import mode_of


@contextmanager
def locked(descriptor: int, *, exclusive: bool) -> Iterator[None]:
    """Keeps other processes from writing (and from reading while this one writes), where the file system can."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    yield  # closing the descriptor unlocks


def open_to_append(path: Path, run: Path) -> int:
    """A descriptor of a file that is read and appended to. A new one may be read and written by who may so the run."""
    flags = os.O_RDWR | os.O_APPEND
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return os.open(path, flags)
    with suppress(OSError):
        os.fchmod(descriptor, mode_of(run))
    return descriptor


def stamp_at(path: Path) -> tuple[int, ...] | None:
    """Changes when a file is replaced or written; None where there is no file."""
    try:
        return stamp_of(path.stat())
    except OSError:
        return None


def stamp_of(found: os.stat_result) -> tuple[int, ...]:
    """Changes whenever a file does."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
