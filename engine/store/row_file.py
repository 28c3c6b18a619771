"""Rows of a run file that would take too much memory, copied to an unnamed file where any row is at hand.

A run file gives 1,000 rows from all over it in about 40 ms, this file in 2 ms. What is read passes through the page
cache, which is the system's memory and not this process's; of a mapped file the pages would count as the process's own.
The file has no name: it is gone when it is closed, and when the process is killed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import parts
from engine.errors import MammiError, RunFileError, writing
from engine.own_files import temporary_folder

_AT_ONCE = 2048
"""Rows that are copied at once: as many as DuckDB reads at once"""
_ELSEWHERE = "make room there, or name another folder in TMPDIR"
Source = Callable[[NDArray[np.int64]], NDArray[np.floating]]
"""Reads some rows, ascending, from the run file, all as one type of number"""


class RowFile:
    """p rows of d float32 numbers, as engine.annotation.rows.Rows. Any thread may ask.

    A thread of its own copies them in order. Rows that are asked for in order wait until they are copied; others that
    are not copied yet come from the run file.
    """

    def __init__(self, path: Path, shape: tuple[int, int], kind: np.dtype[Any], source: Source) -> None:
        """Of the run file `path`, which stores numbers of this kind, float32 or float16. Raises RunFileError where the
        folder of temporary files has no room for the rows."""
        self.shape = shape
        self._path = path
        self._kind = kind
        self._source = source
        self._changing = threading.Condition()
        """Held where one of the next five is read or changed"""
        self._copied = 0
        self._readers = 0
        self._closed = False
        self._ended = False
        self._fault: MammiError | None = None
        folder = temporary_folder()
        self._told = f"{path}: its image embeddings, too large for memory, wait in {folder}"
        with self._writing():
            needed, free = shape[0] * self._width, shutil.disk_usage(folder).free
            if needed > free:
                raise RunFileError(
                    f"{self._told}: {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free; {_ELSEWHERE}."
                )
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (closed by `close`)
        self._copier = threading.Thread(target=self._copy, name="image embeddings", daemon=True)
        self._copier.start()

    @property
    def dtype(self) -> np.dtype[np.float32]:
        return np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    @overload
    def __getitem__(self, images: NDArray[np.integer], /) -> NDArray[np.float32]: ...

    @overload
    def __getitem__(self, images: slice, /) -> NDArray[np.float32]: ...

    def __getitem__(self, images: NDArray[np.integer] | slice, /) -> NDArray[np.float32]:
        """As Rows. Raises IndexError for a row that does not exist, and RunFileError after `close` and where the rows
        cannot be copied."""
        if isinstance(images, slice):
            found = self._in_order(*images.indices(len(self)))
            return found.astype(np.float32, copy=False)
        wanted = images.reshape(-1)
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < len(self):
            raise IndexError(f"rows {wanted.min()} to {wanted.max()} of {len(self)}")
        return self._some(wanted).astype(np.float32, copy=False).reshape(*images.shape, self.shape[1])

    def close(self) -> None:
        """Ends the copying, waits for the reads of other threads, and gives the file's room back. May be called more
        than once."""
        with self._changing:
            self._closed = True
            self._changing.notify_all()
        self._copier.join()
        with self._changing:
            self._changing.wait_for(lambda: self._readers == 0)
            self._file.close()

    @property
    def _width(self) -> int:
        """Bytes of a row."""
        return self.shape[1] * self._kind.itemsize

    def _in_order(self, first: int, last: int, step: int) -> NDArray[Any]:
        if step != 1:
            return self._some(np.arange(first, last, step))
        found = np.empty((max(last - first, 0), self.shape[1]), self._kind)
        if len(found):
            with self._reading(until=last) as (file, _):
                self._read(file, found.reshape(-1).view(np.uint8).data, first * self._width)
        return found

    def _some(self, wanted: NDArray[np.integer]) -> NDArray[Any]:
        if not len(wanted):
            return np.empty((0, self.shape[1]), self._kind)
        if len(wanted) > 1 and np.all(np.diff(wanted) == 1):
            return self._in_order(int(wanted[0]), int(wanted[-1]) + 1, 1)
        found, width = np.empty((len(wanted), self.shape[1]), self._kind), self._width
        buffer = found.reshape(-1).view(np.uint8).data
        with self._reading(until=0) as (file, copied):
            for place, row in enumerate(wanted.tolist()):
                if row < copied:
                    self._read(file, buffer[place * width : (place + 1) * width], row * width)
            beyond = np.flatnonzero(wanted >= copied)
            for some in (beyond[part] for part in parts(len(beyond), _AT_ONCE)):
                rows, places = np.unique(wanted[some], return_inverse=True)
                found[some] = self._source(rows.astype(np.int64))[places]
        return found

    def _read(self, file: int, into: memoryview, start: int) -> None:
        while into:  # the system reads at most 2 GB at once
            read = os.preadv(file, [into], start)
            if not read:
                raise RunFileError(f"{self._path}: the temporary file of its image embeddings was cut off")
            into, start = into[read:], start + read

    @contextmanager
    def _reading(self, until: int) -> Iterator[tuple[int, int]]:
        """The file, which stays open in the block, and how many rows it holds, at least `until`."""
        with self._changing:
            self._changing.wait_for(lambda: self._closed or self._ended or self._copied >= until)
            if self._fault:
                raise self._fault
            if self._closed or self._copied < until:
                raise RunFileError(f"{self._path}: is closed")
            self._readers += 1
            copied = self._copied
        try:
            yield self._file.fileno(), copied
        finally:
            with self._changing:
                self._readers -= 1
                self._changing.notify_all()

    def _copy(self) -> None:
        everything = np.arange(len(self))
        try:
            for part in parts(len(self), _AT_ONCE):
                rows = self._source(everything[part])
                with self._writing():
                    data = np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data
                    while data:
                        data = data[self._file.write(data) :]
                with self._changing:
                    self._copied += len(rows)
                    self._changing.notify_all()
                    if self._closed:
                        return
        except MammiError as error:
            self._fault = error
        finally:
            with self._changing:
                self._ended = True
                self._changing.notify_all()

    def _writing(self) -> Any:
        return writing(self._told, _ELSEWHERE, "cannot be written", RunFileError)
