"""The directions t_j − t_tem of concepts, held as the file's texts; in float64 for the rows that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.scoring import score_mean, unit_rows

_WIDE = 1 << 21
"""Numbers up to which all rows are kept in float64: those of 4,096 concepts with 512 each"""
_ROWS = 4096
_CACHED_ROWS = 256
"""Texts that are widened to float64 at once: they stay in the processor's cache"""


class Directions:
    """k vectors of length d. Indexed by one row, a slice or an array of rows, it gives float64."""

    def __init__(
        self,
        texts: NDArray[np.floating],
        bare: NDArray[np.float64] | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        """From text embeddings [m, d] and the unit vector of the bare template [d]; without one, the texts are the
        directions. With `rows` [k] only those, in their order."""
        self._texts = texts
        self._bare = bare
        self._rows = rows
        """None for all"""
        self.shape = (len(texts if rows is None else rows), texts.shape[1])
        self.ndim = 2

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[np.float64]:
        chosen: NDArray[np.float64] = self._computed(rows) if self._wide is None else self._wide[rows]
        return chosen

    def chosen(self, rows: NDArray[np.int64]) -> Directions:
        """Some of them."""
        if np.array_equal(rows, np.arange(len(self))):
            return self
        return Directions(self._texts, self._bare, rows if self._rows is None else self._rows[rows])

    def products(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """The product of each with a vector [d], [k]; equal directions get the same to the last bit."""
        if self._wide is not None or self._bare is None:
            return np.concatenate([np.empty(0), *(score_mean(vector, self[part]) for part in self.parts())])
        products = np.empty(len(self))
        for start in range(0, len(self), _CACHED_ROWS):
            part = slice(start, start + _CACHED_ROWS)
            products[part] = score_mean(vector, self._text(part))
        return products * self._inverse_lengths - self._bare @ vector

    def parts(self) -> Iterator[slice]:
        """All rows, a few at a time."""
        for start in range(0, len(self), _ROWS):
            yield slice(start, start + _ROWS)

    @cached_property
    def narrow(self) -> NDArray[np.float32]:
        """All rows rounded to float32, [k, d]."""
        narrow = np.empty(self.shape, np.float32)
        for part in self.parts():
            narrow[part] = self[part]
        return narrow

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """[k]"""
        return np.concatenate([np.empty(0), *(np.linalg.norm(self[part], axis=1) for part in self.parts())])

    @cached_property
    def _inverse_lengths(self) -> NDArray[np.float64]:
        """1/|t_j|, [k]; 0 for a zero vector."""
        lengths = np.concatenate([np.empty(0), *(np.linalg.norm(self._text(part), axis=1) for part in self.parts())])
        inverse: NDArray[np.float64] = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return inverse

    def _chosen(self, rows: Any) -> NDArray[np.floating]:
        texts: NDArray[np.floating] = self._texts[rows if self._rows is None else self._rows[rows]]
        return texts

    def _text(self, rows: Any) -> NDArray[np.float64]:
        texts: NDArray[np.float64] = np.asarray(self._chosen(rows), dtype=np.float64)
        return texts

    @cached_property
    def _wide(self) -> NDArray[np.float64] | None:
        return self._computed(np.s_[:]) if len(self) * self.shape[1] <= _WIDE else None

    def _computed(self, rows: Any) -> NDArray[np.float64]:
        if self._bare is None:
            return self._text(rows)
        directions: NDArray[np.float64] = unit_rows(self._chosen(rows)) - self._bare
        return directions


def first_equal(directions: Directions | NDArray[np.float64], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of some rows [n] the place in `members` of the first that equals it, [n].

    Rows are compared by a number that is computed alike for equal ones, and by all of theirs where that is the same.
    """
    probe: NDArray[np.float64] = np.random.default_rng(0).standard_normal((directions.shape[1],))
    keys = np.empty(len(members))
    for start in range(0, len(members), _ROWS):
        rows: NDArray[np.float64] = directions[members[start : start + _ROWS]]
        keys[start : start + _ROWS] = score_mean(probe, rows)
    _, first, groups, sizes = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    found = first[groups.reshape(-1)].astype(np.int64)
    seen: dict[bytes, int] = {}
    for place in np.flatnonzero(sizes[groups.reshape(-1)] > 1).tolist():
        row = directions[int(members[place])] + 0.0  # −0 and 0 are equal
        found[place] = seen.setdefault(row.tobytes(), place)
    return found
