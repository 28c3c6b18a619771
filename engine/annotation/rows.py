"""Rows of numbers that may be too many for memory, such as the embeddings of all images.

A NumPy array [p, d] is `Rows`; so is what reads rows from a file (engine.store.row_file). Both are only ever indexed,
by an array of images or by a slice. Nothing asks for the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 4096
"""Rows that are taken at once by what goes over all of them: 8 MB where d is 512"""


class Rows(Protocol):
    """p rows of d float32 numbers. Any thread may ask."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """(p, d)"""

    @property
    def dtype(self) -> np.dtype[np.float32]: ...

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, images: NDArray[np.integer], /) -> NDArray[np.float32]: ...

    @overload
    def __getitem__(self, images: slice, /) -> NDArray[np.float32]: ...

    def __getitem__(self, images: Any, /) -> NDArray[np.float32]:
        """The rows of images of any shape [...], [..., d], which the caller may change; or those of a slice, [n, d],
        which the caller must not."""


def parts(count: int, at_once: int = AT_ONCE) -> Iterator[slice]:
    """Slices that cover `count` rows in order."""
    for start in range(0, count, at_once):
        yield slice(start, min(start + at_once, count))


def products(rows: Rows, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """rows @ vector, [p], in one pass."""
    found = np.empty(len(rows), dtype=np.float32)
    for part in parts(len(rows)):
        np.matmul(rows[part], vector, out=found[part])
    return found
