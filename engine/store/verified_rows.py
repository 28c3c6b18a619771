"""Goes over every row of a work file or shard, and gives those that are as they were written.

SQLite has no checksums of its own. Each row carries one over all that it says and where it stands: with keys rather
than the numbers that stand for them, so a row beside a key that is not its own does not fit either.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

import numpy as np

_LAST = 1 << 48
"""Row ids are smaller"""
_OTHER_FAULTS = (
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT),
)
"""What SQLite reports of files that may be whole"""
_FOREIGN = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"


UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading with SQLite raises. The second, where its message would name a table by bytes that are no text"""


def is_damage(error: Exception) -> bool:
    """Whether SQLite could not read what a file holds. Texts that are none have no code."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF not in _OTHER_FAULTS


def row_sum(place: tuple[str | int | bool, ...], *data: bytes) -> int:
    """The CRC-32 of what a row says: its keys, texts and numbers, and its bytes."""
    total = crc32(repr((*place, *map(len, data))).encode())
    for piece in data:
        total = crc32(piece, total)
    return total


def result_sum(image: str, part: str, reason: str, data: bytes | None) -> int:
    return row_sum(("results", image, part, reason, data is None), data or b"")


def array_sum(key: str, dtype: str, shape: str, data: bytes) -> int:
    return row_sum(("arrays", key, dtype, shape), data)


def maps_sum(part: str, images: tuple[str, ...], size: tuple[int, int], values: tuple[bytes, ...]) -> int:
    """`values`: units, lows, highs and cells as they are kept."""
    return row_sum(("unit_maps", part, *images, *size), *values)


def looked_up_sum(place: int, path: bytes, film: str, embedding: str, stamp: str) -> int:
    return row_sum(("looked_up", place, film, embedding, stamp), path)


def fact_sum(name: str, value: str) -> int:
    return row_sum(("facts", name, value))


class VerifiedRows:
    """The rows of an open work file or shard whose sums fit, table by table, whatever has become of the others."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.taken: Counter[str] = Counter()
        """Rows that were given, by table; those of `results` by the key of their part"""
        self.lost: Counter[str] = Counter()
        """Rows that did not fit, by table"""
        self.unread = False
        """Whether pages or indexes are damaged: how many rows that concerns is not known"""
        self._images = self._keys("images")
        self._parts = self._keys("parts")

    def are_all(self) -> bool:
        """Whether the file is as it was written: its pages, its indexes, and each row. Goes over all of it."""
        try:
            self.unread |= self._connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]
            # mammi makes none: a trigger would change what is written, a view may stand in a table's place
            self.unread |= bool(self._connection.execute(_FOREIGN).fetchall())
        except UNREADABLE as error:
            if not is_damage(error):
                raise
            self.unread = True
        for rows in (self.results(), self.arrays(), self.unit_maps(), self.looked_up(), self.facts()):
            for _ in rows:
                pass
        return not (self.unread or self.lost)

    def counts(self) -> tuple[int, int]:
        """How many results were given, and how many rows did not fit."""
        return self.taken.total() - self.taken["looked_up"] - self.taken["facts"], self.lost.total()

    def _keys(self, table: str) -> Mapping[int, str]:
        """What numbers stand for; the numbers of a whole table are those from 1 on, and no key comes twice."""
        rows = list(self._rows(table, "number, key"))
        keys = {number: key for number, key in rows if isinstance(number, int) and isinstance(key, str)}
        if sorted(keys) != list(range(1, len(keys) + 1)) or len(set(keys.values())) != len(rows):
            self.lost[table] += 1
        return keys

    def results(self) -> Iterator[tuple[str, str, str, bytes | None]]:
        """The keys of the image and the part, the reason, and the data."""
        for image, part, reason, data, total in self._rows("results", "image, part, reason, data, sum"):
            keys = self._images.get(image, ""), self._parts.get(part, "")
            if self._fits("results", all(keys), total, result_sum, *keys, reason, data):
                self.taken[keys[1]] += 1
                yield *keys, reason, data

    def arrays(self) -> Iterator[tuple[str, str, str, bytes]]:
        """Key, dtype, shape and data as they are kept."""
        for *row, total in self._rows("arrays", "key, dtype, shape, data, sum"):
            if self._fits("arrays", True, total, array_sum, *row):
                self.taken["arrays"] += 1
                yield tuple(row)

    def unit_maps(self) -> Iterator[tuple[str, tuple[str, ...], tuple[int, int], tuple[bytes, ...]]]:
        """The part's key, the images' keys, the size, and `values` as maps_sum takes them."""
        columns = "part, images, height, width, sum, units, lows, highs, cells"
        for part, numbers, height, width, total, *values in self._rows("unit_maps", columns):
            whole = isinstance(numbers, bytes) and len(numbers) % 4 == 0
            keys = (
                [self._images.get(number, "") for number in np.frombuffer(numbers, "<i4").tolist()] if whole else [""]
            )
            row = (self._parts.get(part, ""), tuple(keys), (height, width), tuple(values))
            if self._fits("unit_maps", all((row[0], *keys)), total, maps_sum, *row):
                self.taken["unit_maps"] += 1
                yield row

    def looked_up(self) -> Iterator[tuple[int, bytes, str, str, str]]:
        """Place, path, the two keys of the image, and stamp."""
        for place, path, film, embedding, stamp, total in self._rows(
            "looked_up", "place, path, film, embedding, stamp, sum"
        ):
            row = (place, path, self._images.get(film, ""), self._images.get(embedding, ""), stamp)
            if self._fits("looked_up", all(row[2:4]), total, looked_up_sum, *row):
                self.taken["looked_up"] += 1
                yield row

    def facts(self) -> Iterator[tuple[str, str]]:
        """Name, and value as JSON."""
        for name, value, total in self._rows("facts", "name, value, sum"):
            if self._fits("facts", True, total, fact_sum, name, value):
                self.taken["facts"] += 1
                yield name, value

    def _fits(self, table: str, known: bool, total: object, summed: Any, *row: object) -> bool:
        """Whether a row says what it said when it was written. Counts one that does not."""
        try:
            fits = known and summed(*row) == total
        except TypeError:  # a number, a text or nothing in the place of bytes
            fits = False
        if not fits:
            self.lost[table] += 1
        return fits

    def _rows(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """The rows in the order of the table. Where pages cannot be read, it goes on behind them."""
        query = f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid"  # noqa: S608
        last, step = -1, 1  # never backwards: pages may stand in a circle
        while last < _LAST:
            try:
                for place, *row in self._connection.execute(query, (last,)):
                    last, step = max(last, place), 1
                    yield tuple(row)
                return
            except UNREADABLE as error:
                if not is_damage(error):
                    raise
                self.unread = True
                last, step = last + step, step * 2
