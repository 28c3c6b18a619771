"""Rows that are kept in memory: the same as those that are read, and no more than may be kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine.kept_rows import Columns, KeptRows


class Source:
    def __init__(self) -> None:
        self.read: list[int] = []

    def __call__(self, rows: np.ndarray) -> Columns:
        self.read.extend(rows.tolist())
        return np.stack([rows, rows + 1], axis=1).astype(np.int32), rows * 0.5


def _check(kept: KeptRows, rows: list[int]) -> None:
    pairs, halves = kept.get(np.array(rows, dtype=np.int64))
    assert pairs.tolist() == [[row, row + 1] for row in rows]
    assert halves.tolist() == [row / 2 for row in rows]


def test_rows_are_read_once() -> None:
    source = Source()
    kept = KeptRows(source, 100)
    for rows in ([5, 9, 30], [1, 9], [1, 5, 6, 30, 31], []):
        _check(kept, rows)
    assert sorted(source.read) == [1, 5, 6, 9, 30, 31]


def test_rows_used_longest_ago_make_room() -> None:
    source = Source()
    kept = KeptRows(source, 8)
    _check(kept, [0, 1])
    for row in range(10, 40):
        _check(kept, [0, 1, row])
    assert source.read.count(0) == source.read.count(1) == 1
    _check(kept, [10])
    assert source.read.count(10) == 2
    _check(kept, list(range(100, 120)))  # more than may be kept
    _check(kept, [0, 1])
    assert source.read.count(0) == 1


def test_many_threads_get_the_rows_they_ask_for() -> None:
    rng = np.random.default_rng(0)
    kept = KeptRows(Source(), 50)
    asked = [np.unique(rng.integers(0, 90, 12)).tolist() for _ in range(400)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda rows: _check(kept, rows), asked))
