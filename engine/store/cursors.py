"""Reading cursors over the connection to an open run file, which check what they read (engine.store.sums)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError, disk_fault, first_line
from engine.store.checks import Checks
from engine.store.database import READING, Connection
from engine.store.sums import SUM, row_sum

_ROWS_AT_ONCE = 1 << 16


class DamagedRows(RunFileError):
    """Rows of a table are not as they were written."""

    def __init__(self, path: Path, table: str, places: list[int]) -> None:
        self.table, self.places = table, places
        super().__init__(damage_of(path, f"{named(table)} (row {places[0]} of its table)"))


NAMES = {
    "activation_blocks": "activations",
    "partial_sums": "sums of embeddings",
    "own_means": "mean embeddings",
    "unit_maps": "activation maps",
    "film_maps": "class maps",
    "film_outputs": "outputs",
    "film_activations": "activations by image",
    "film_importance": "importance by image",
    "bare_texts": "concepts without a template",
    "other_texts": "concepts in other templates",
    "meta": "run's facts",
}
"""Tables in a reader's words, where their own names are no such words"""


def named(table: str) -> str:
    """A table in a reader's words."""
    return NAMES.get(table, table.replace("_", " "))


def damage_of(path: Path, what: str) -> str:
    """Says that something in a file is not as it was written, and what helps."""
    return f"{path}: damaged: its {what} are not as they were written; `mammi doctor --deep` says what is whole"


class Cursors:
    """One cursor for each calling thread over one connection. Raises RunFileError when the file cannot be read, and
    where what is read is not as it was written."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self._written = _written(path)
        self._of_thread = threading.local()
        self._changed = threading.Condition()
        """Held while the connection itself is called: DuckDB refuses a second call while one is going on"""
        self._asking = 0
        self._closed = False
        self.checks = Checks(self.unchecked_rows, self.unchecked)

    @contextmanager
    def _cursor(self) -> Iterator[Connection]:
        with self._changed:
            if self._closed:
                raise RunFileError(f"{self.path}: is closed")
            cursor: Connection | None = getattr(self._of_thread, "cursor", None)
            if cursor is None:
                cursor = self._of_thread.cursor = self._connection.cursor()
                cursor.execute(READING)
            self._asking += 1
        try:
            yield cursor
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Waits for the reads of other threads. A later read raises RunFileError."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._asking == 0)
            self._connection.close()

    def _check_unchanged(self) -> None:
        now = _written(self.path)
        if now and self._written and now[:2] == self._written[:2] and now != self._written:
            raise RunFileError(f"{self.path}: it was written over while it was open: open it again")

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        self._check(query)
        return self.unchecked_rows(query, *parameters)

    def columns(self, query: str, *parameters: object) -> dict[str, NDArray[Any]]:
        """Columns by name."""
        self._check(query)
        return {name: np.ma.getdata(values) for name, values in self.unchecked(query, *parameters).items()}

    def arrays(self, table: str, where: str, *parameters: object, also: str = "") -> dict[str, NDArray[Any]]:
        """The columns of a table that hold arrays, as object arrays of vectors or bytes; its `rowid`; and other columns
        that are named in `also`, such as "neuron, rank". Of the rows for which `where` holds, in the table's order."""
        names = [column.name for column in self.checks.tables.get(table, ()) if column.of_arrays]
        select = ", ".join(["rowid", *names, SUM, *filter(None, [also])])
        query = f"SELECT {select} FROM {table} WHERE {where}"  # noqa: S608 (so are the others: the store's own words)
        self._check(query, arrays=True)
        found = {name: np.ma.getdata(values) for name, values in self.unchecked(query, *parameters).items()}
        order = np.argsort(found["rowid"], kind="stable")
        columns = _Columns(self.path, table, {name: values[order] for name, values in found.items()})
        rows = zip(columns["rowid"].tolist(), columns[SUM].tolist(), *(columns[name] for name in names), strict=True)
        damaged = [place for place, total, *arrays in rows if not _is_sound(table, place, total, arrays)]
        if damaged:
            raise DamagedRows(self.path, table, damaged)
        return columns

    def _check(self, query: str, *, arrays: bool = False) -> None:
        if query in self.checks.sound:
            return
        if not arrays and self.checks.reads_arrays(query):
            raise AssertionError(f"arrays that are read without their sums: {query}")
        if table := self.checks.damaged(query):
            raise RunFileError(damage_of(self.path, named(table)))

    def unchecked_rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """As `rows`, for what carries a sum of its own."""
        with self._damage_named(), self._cursor() as cursor:
            return cursor.execute(query, list(parameters)).fetchall()

    def unchecked(self, query: str, *parameters: object) -> dict[str, NDArray[Any]]:
        """As `columns`, for what carries a sum of its own. A column in which values are missing is masked."""
        with self._damage_named(), self._cursor() as cursor:
            return cursor.execute(query, list(parameters)).fetchnumpy()

    def pieces(self, select: str, table: str, where: str) -> Iterator[dict[str, NDArray[Any]]]:
        """Columns of the rows of a table for which `where` holds, some at a time, in the table's order. What has to
        hold all rows at once, such as ORDER BY, would need more memory than a reader allows DuckDB."""
        [(last,)] = self.rows(f"SELECT max(rowid) FROM {table}")  # noqa: S608
        query = f"SELECT {select} FROM {table} WHERE {where} AND rowid BETWEEN ? AND ?"  # noqa: S608
        for start in range(0, 0 if last is None else last + 1, _ROWS_AT_ONCE):
            yield self.columns(query, start, start + _ROWS_AT_ONCE - 1)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Turns an error in the block, which interprets rows, into RunFileError: the file was damaged or changed."""
        try:
            yield
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise RunFileError(f"{self.path}: not a whole run file ({error})") from error

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        """Names the file where it cannot be read, and where it was written over since it was opened: DuckDB reads
        pieces when they are asked for, so that answers would be made of two files. One that was renamed or removed is
        still read as it was."""
        try:
            yield
            self._check_unchanged()
        except duckdb.OutOfMemoryException as error:
            raise RunFileError(f"{self.path}: needs more memory than a reader takes ({first_line(error)})") from error
        except duckdb.Error as error:
            self._check_unchanged()
            reason = disk_fault(error)
            why = f"cannot be read: {reason}" if reason else f"cannot be read, perhaps damaged ({first_line(error)})"
            raise RunFileError(f"{self.path}: {why}") from error


class _Columns(dict[str, NDArray[Any]]):
    """The columns of a table. One that another program has taken away or renamed is a damage of the file."""

    def __init__(self, path: Path, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(columns)
        self._path, self._table = path, table

    def __missing__(self, name: str) -> NDArray[Any]:
        raise RunFileError(damage_of(self._path, f"{named(self._table)} (the column {name} of its table)"))


_BY_NEURON = ("activation_blocks", "partial_sums", "own_means")
_ABOUT = {"image_embeddings": "image", "concepts": "concept", "bare_texts": "concept", "captions": "caption"}
"""What a row of a table is about"""


def place_of(cursors: Cursors, table: str, row: int) -> str:
    """What a row of a table is about, in a reader's words."""
    if table == "unit_maps":
        neuron = row
    elif table in _BY_NEURON:
        neuron = row // max(cursors.checks.written(table) // max(cursors.checks.written("neurons"), 1), 1)
    else:
        return f"{_ABOUT.get(table, 'row')} {row}"
    with suppress(RunFileError, TypeError):
        for name, first, units in cursors.unchecked_rows("SELECT name, first_neuron, units FROM layers"):
            if 0 <= neuron - first < units:
                return f"{name}:{neuron - first}"
    return f"neuron {neuron}"


def _written(path: Path) -> tuple[int, ...]:
    """Changes when a file is replaced, and when it is written; () where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _is_sound(table: str, place: int, total: int, arrays: list[Any]) -> bool:
    try:
        return row_sum(table, place, arrays) == total
    except (TypeError, ValueError):  # a value is missing
        return False
