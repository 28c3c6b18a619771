"""Arrays of images that wait in an unnamed temporary file until all are known."""

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
    """Rows of numbers in the order of the images. `largest` is the largest size of a number in it."""

    def __init__(self, folder: Path, stack: ExitStack, dtype: str = "<f4") -> None:
        self._file = stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 (the stack closes it)
        self._dtype = np.dtype(dtype)
        self._width = 0
        self._rows = 0
        self.largest = 0.0

    def append(self, rows: NDArray[Any]) -> None:
        """[n, k]; k is the same in each call with rows."""
        if len(rows) == 0:
            return
        self._file.write(np.ascontiguousarray(rows, dtype=self._dtype).data)
        self._width, self._rows = rows.shape[1], self._rows + len(rows)
        if rows.size:
            self.largest = max(self.largest, float(np.abs(rows).max()))

    def all(self) -> NDArray[Any]:
        """All rows, [p, k]."""
        return self._read(0, self._rows)

    def pieces(self) -> Iterator[NDArray[Any]]:
        """All rows, at most TOGETHER at once."""
        for start in range(0, self._rows, TOGETHER):
            yield self._read(start, min(TOGETHER, self._rows - start))

    def _read(self, start: int, rows: int) -> NDArray[Any]:
        self._file.seek(start * self._width * self._dtype.itemsize)
        values = np.fromfile(self._file, self._dtype, rows * self._width)
        return values.reshape(rows, self._width).astype(self._dtype.newbyteorder("="), copy=False)
