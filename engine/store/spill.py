"""Arrays of images that wait in unnamed temporary files until all are known."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOGETHER = 1024
"""Images that are read together"""


class Spill:
    """Rows of numbers in the order of the images. `largest` is the largest size of a number in each column.

    It is itself `Rows` (engine.annotation.rows) for one thread, where memory cannot hold them all.
    """

    def __init__(self, folder: Path, stack: ExitStack, dtype: str = "<f4") -> None:
        self._file = _SpillFile(folder, stack, dtype)
        self._width = 0
        self._rows = 0
        self.largest = np.zeros(1)

    def append(self, rows: NDArray[Any]) -> None:
        """[n, k]; k is the same in each call with rows."""
        if len(rows) == 0:
            return
        self._file.append(rows)
        self._width, self._rows = rows.shape[1], self._rows + len(rows)
        self.largest = _larger(self.largest, rows)

    @property
    def shape(self) -> tuple[int, int]:
        return self._rows, self._width

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._file.dtype

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, images: NDArray[np.integer] | slice, /) -> NDArray[Any]:
        if isinstance(images, slice):
            start, stop, _ = images.indices(self._rows)
            return self._file.read(start * self._width, (max(stop - start, 0), self._width))
        rows = np.empty((images.size, self._width), self.dtype)
        for place, image in enumerate(images.reshape(-1).tolist()):
            rows[place] = self._file.read(image * self._width, (self._width,))
        return rows.reshape(*images.shape, self._width)

    def columns(self, first: int, last: int) -> NDArray[Any]:
        """The numbers first … last − 1 of each row, [p, n]."""
        found = np.empty((self._rows, last - first), self.dtype)
        for row in range(self._rows):
            found[row] = self._file.read(row * self._width + first, (last - first,))
        return found

    def held(self, most: int) -> NDArray[Any] | Spill:
        """All rows [p, k] in memory where they are at most `most` bytes, else the rows in the file."""
        return self if self._rows * self._width * self.dtype.itemsize > most else self[:]

    def pieces(self) -> Iterator[NDArray[Any]]:
        """All rows, at most TOGETHER at once."""
        for start in range(0, self._rows, TOGETHER):
            yield self[start : start + TOGETHER]


class LayerSpill:
    """The activations of a layer: rows of images are appended, and those of some units can be read alone.

    The file holds TOGETHER images after another, each time unit by unit.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._file = _SpillFile(folder, stack, "<f4")
        self._waiting = np.empty((TOGETHER, 0), np.float32)
        """The first `_rows` % TOGETHER rows are not in the file yet"""
        self._rows = 0
        self.largest = np.zeros(1)

    def append(self, rows: NDArray[np.float32]) -> None:
        """[n, units]; units is the same in each call with rows."""
        if len(rows) and not self._rows:
            self._waiting = np.empty((TOGETHER, rows.shape[1]), np.float32)
        taken = 0
        while taken < len(rows):
            held = self._rows % TOGETHER
            some = rows[taken : taken + TOGETHER - held]
            self._waiting[held : held + len(some)] = some
            taken, self._rows = taken + len(some), self._rows + len(some)
            if self._rows % TOGETHER == 0:
                self._file.append(self._waiting.T)
        self.largest = _larger(self.largest, rows)

    @property
    def shape(self) -> tuple[int, int]:
        """(p, units)"""
        return self._rows, self._waiting.shape[1]

    def units(self, first: int, last: int) -> NDArray[np.float32]:
        """The activations of units first … last − 1, [n, p]."""
        values = np.empty((last - first, self._rows), np.float32)
        for start in range(0, self._rows, TOGETHER):
            values[:, start : start + TOGETHER] = self._piece(start, first, last)
        return values

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """All rows, TOGETHER at once but for the last, [n, units]."""
        for start in range(0, self._rows, TOGETHER):
            yield np.ascontiguousarray(self._piece(start, 0, self._waiting.shape[1]).T)

    def _piece(self, start: int, first: int, last: int) -> NDArray[np.float32]:
        if start + TOGETHER > self._rows:
            return self._waiting[: self._rows - start, first:last].T
        units = self._waiting.shape[1]
        return self._file.read(start * units + first * TOGETHER, (last - first, TOGETHER))


class _SpillFile:
    """Numbers one after the other in a file without a name."""

    def __init__(self, folder: Path, stack: ExitStack, dtype: str) -> None:
        self._file = stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 (the stack closes it)
        self._stored = np.dtype(dtype)
        self._end = 0
        self.dtype = self._stored.newbyteorder("=")

    def append(self, values: NDArray[Any]) -> None:
        self._file.seek(self._end)
        self._end += self._file.write(np.ascontiguousarray(values, dtype=self._stored).data)

    def read(self, start: int, shape: tuple[int, ...]) -> NDArray[Any]:
        values = np.empty(shape, self._stored)
        if values.size:
            self._file.seek(start * self._stored.itemsize)
            self._file.readinto(values.data)
        return values.astype(self.dtype, copy=False)


def _larger(largest: NDArray[np.float64], rows: NDArray[Any]) -> NDArray[np.float64]:
    return np.maximum(largest, np.abs(rows).max(axis=0)) if rows.size else largest
