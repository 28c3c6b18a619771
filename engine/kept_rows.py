"""Rows of an array in a file, kept in memory as they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Nothing of it changes but `used`, so that a thread may read it while another makes the next one."""

    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """The rows' numbers, ascending, [n]"""
    columns: Columns = ()
    """[n, ...] each"""
    used: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """When each was asked for last, [n]"""


class KeptRows:
    """Keeps the rows used last, `most` of them. Any thread may ask."""

    def __init__(self, read: Callable[[NDArray[np.int64]], Columns], most: int) -> None:
        """`read` gives the columns [n, ...] of n rows, which ascend."""
        self._read = read
        self._most = most
        self._changing = threading.Lock()
        self._kept = _Kept()
        self._time = 0

    def get(self, rows: NDArray[np.int64]) -> Columns:
        """The columns of some rows, which ascend, [n, ...] each; what is not kept is read."""
        kept = self._kept
        places = np.minimum(np.searchsorted(kept.rows, rows), max(len(kept.rows) - 1, 0))
        have = kept.rows[places] == rows if len(kept.rows) else np.zeros(len(rows), np.bool_)
        self._time += 1
        kept.used[places[have]] = self._time
        if have.all() and kept.columns:
            return tuple(column[places] for column in kept.columns)
        read = self._read(rows[~have])
        self._keep(rows[~have], read)
        if not have.any():
            return read
        found = tuple(np.empty((len(rows), *column.shape[1:]), column.dtype) for column in read)
        for column, old, new in zip(found, kept.columns, read, strict=True):
            column[have], column[~have] = old[places[have]], new
        return found

    def _keep(self, rows: NDArray[np.int64], columns: Columns) -> None:
        if not 0 < len(rows) <= self._most:
            return
        with self._changing:
            kept = self._kept
            new = ~np.isin(rows, kept.rows, assume_unique=True)
            room = self._most - int(np.count_nonzero(new))
            stay = np.arange(len(kept.rows))
            if len(stay) > room:  # those used last, and a quarter less, so that not every call moves all
                stay = np.sort(np.argsort(kept.used, kind="stable")[len(stay) - min(room, self._most * 3 // 4) :])
            all_rows = np.concatenate([kept.rows[stay], rows[new]])
            order = np.argsort(all_rows)
            self._kept = _Kept(
                all_rows[order],
                tuple(
                    np.concatenate([old[stay], column[new]])[order]
                    for old, column in zip(kept.columns, columns, strict=True)
                )
                if kept.columns
                else tuple(column[new][order] for column in columns),
                np.concatenate([kept.used[stay], np.full(int(new.sum()), self._time)])[order],
            )
