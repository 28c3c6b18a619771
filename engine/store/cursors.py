"""Reading cursors over the connection to an open run file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError, first_line
from engine.store.database import Connection

_ROWS_AT_ONCE = 1 << 16


class Cursors:
    """One cursor for each calling thread over one connection. Raises RunFileError when the file cannot be read."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self._written = _written(path)
        self._of_thread = threading.local()
        self._changed = threading.Condition()
        """Held while the connection itself is called: DuckDB refuses a second call while one is going on"""
        self._asking = 0
        self._closed = False

    @contextmanager
    def _cursor(self) -> Iterator[Connection]:
        with self._changed:
            if self._closed:
                raise RunFileError(f"{self.path}: is closed")
            cursor: Connection | None = getattr(self._of_thread, "cursor", None)
            if cursor is None:
                cursor = self._of_thread.cursor = self._connection.cursor()
                cursor.execute("USE run")
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
        with self._damage_named(), self._cursor() as cursor:
            return cursor.execute(query, list(parameters)).fetchall()

    def columns(self, query: str, *parameters: object) -> dict[str, NDArray[Any]]:
        """Columns by name. A column of lists is an object array that holds a vector for each row."""
        with self._damage_named(), self._cursor() as cursor:
            columns = cursor.execute(query, list(parameters)).fetchnumpy()
        return {name: np.ma.getdata(values) for name, values in columns.items()}

    def pieces(self, select: str, table: str, where: str) -> Iterator[dict[str, NDArray[Any]]]:
        """Columns of the rows of a table for which `where` holds, some at a time, in the table's order. What has to
        hold all rows at once, such as ORDER BY, would need more memory than a reader allows DuckDB."""
        [(last,)] = self.rows(f"SELECT max(rowid) FROM {table}")  # noqa: S608 (so are the others: the store's own words)
        query = f"SELECT {select} FROM {table} WHERE {where} AND rowid BETWEEN ? AND ?"  # noqa: S608
        for start in range(0, 0 if last is None else last + 1, _ROWS_AT_ONCE):
            yield self.columns(query, start, start + _ROWS_AT_ONCE - 1)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Turns an error in the block, which interprets rows, into RunFileError: the file was damaged or changed."""
        try:
            yield
        except (LookupError, TypeError, ValueError) as error:
            raise RunFileError(f"{self.path}: not a whole run file ({error})") from error

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        """Names the file where it cannot be read, and where it was written over since it was opened: DuckDB reads
        pieces when they are asked for, so that answers would be made of two files. One that was renamed or removed is
        still read as it was."""
        try:
            yield
            self._check_unchanged()
        except duckdb.Error as error:
            self._check_unchanged()
            raise RunFileError(f"{self.path}: cannot be read, perhaps damaged ({first_line(error)})") from error


def _written(path: Path) -> tuple[int, ...]:
    """Changes when a file is replaced, and when it is written; () where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
