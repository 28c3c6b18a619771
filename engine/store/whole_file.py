"""Writes files that are either whole or absent."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.own_files import held_folder, unfinished


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives `path`.partial to write to; renames it to `path` when the block ends well and its bytes are on disk.

    What an interrupted block has left is removed first, and what this one leaves when it fails is removed at once, for
    the disk may be full.
    """
    partial = path.with_name(path.name + ".partial")
    _remove(partial)
    with unfinished(*_files_of(partial)):
        try:
            yield partial
            sync(partial)
            _put_in_place(partial, path)
        except BaseException:
            _remove(partial)
            raise
    sync(path.parent)


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Gives a file of the same name, in a folder of its own beside `path`, that takes its place if the block ends well.
    Nothing is left of it otherwise, and what killed processes have left is removed; several may do so at once.
    Where `path` is a link, it stays one, and the file that it leads to is replaced."""
    path = Path(os.path.realpath(path))
    with held_folder(path.parent) as folder:
        written = folder / path.name
        yield written
        sync(written)  # a quota on a network file system may be told only now
        _put_in_place(written, path)


@contextmanager
def written_together(folder: Path) -> Iterator[Path]:
    """As `written_beside` for several files: gives a folder whose files take their places in `folder`."""
    with held_folder(folder) as own:
        yield own
        written = sorted(own.iterdir())
        for path in written:
            sync(path)
        for path in written:
            _put_in_place(path, Path(os.path.realpath(folder / path.name)))


def write_over(path: Path, text: str) -> None:
    """Replaces a small file at once, in a folder that is made for its owner alone. Of several processes the last wins.

    Raises OSError where it cannot be written; the old file then stays, and nothing beside it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # which gives it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        _put_in_place(Path(temporary), path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Waits for other processes that are in such a block for the same folder, where its file system has locks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove(partial: Path) -> None:
    for leftover in _files_of(partial):
        leftover.unlink(missing_ok=True)


def _files_of(partial: Path) -> tuple[Path, Path]:
    return partial, partial.with_name(partial.name + ".wal")


def _put_in_place(written: Path, path: Path) -> None:
    """Renames a file to `path`. A network file system may have done so, although it reports an error."""
    inode = written.stat().st_ino
    try:
        written.replace(path)
    except OSError:
        if not path.exists() or path.stat().st_ino != inode:
            raise


def sync(path: Path) -> None:
    """Returns once a file's bytes, or a folder's names, are on disk. Some network file systems sync files only."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
