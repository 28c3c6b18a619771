"""Locks files, and tells whether they have changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


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


def identity(path: Path) -> tuple[int, int] | None:
    """A file's device and inode, which change when a new file replaces it; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def stamp_of(found: os.stat_result) -> tuple[int, ...]:
    """Changes whenever a file does."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
