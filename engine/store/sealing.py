"""Writes the sums of a run file (engine.store.sums)."""

# ruff: noqa: S608 (the names in queries are those of the schema)

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import parts
from engine.store import sums
from engine.store.database import Connection, append, insert
from engine.store.image_tables import read_images

_ROWS = 2048
"""Rows whose sums are made again at once"""


def add_sums(connection: Connection) -> None:
    """Adds the columns and the table for sums to those that a run file has."""
    for table in _with_arrays(connection):
        if table == "images":
            connection.execute("ALTER TABLE images ADD COLUMN record_sum UINTEGER")
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {sums.SUM} UINTEGER")
    names = "table_name VARCHAR, column_name VARCHAR, rows BIGINT, sum UBIGINT, run VARCHAR"
    connection.execute(f"CREATE TABLE {sums.COLUMN_SUMS} ({names})")


def _with_arrays(connection: Connection) -> dict[str, list[str]]:
    """Each table whose rows hold arrays, and the columns of these."""
    tables: dict[str, list[str]] = {}
    for column in sums.columns(lambda query: connection.execute(query).fetchall()):
        if column.of_arrays:
            tables.setdefault(column.table, []).append(column.name)
    return tables


def seal(connection: Connection) -> None:
    """Writes the sums of all columns, once every row is written and committed: until then it has no place."""

    [(run,)] = connection.execute("SELECT content_hash FROM meta").fetchall()
    connection.execute(f"DELETE FROM {sums.COLUMN_SUMS}")
    append(connection, sums.COLUMN_SUMS, [(*line, run) for line in _lines(connection)])


def check(connection: Connection) -> None:
    """Raises ValueError where a column is not as `column_sums` says."""
    written = connection.execute(f"SELECT table_name, column_name, rows, sum FROM {sums.COLUMN_SUMS}").fetchall()
    if wrong := set(written).symmetric_difference(_lines(connection)):
        raise ValueError(f"its {min(wrong)[0]} are not as they were written")


def _lines(connection: Connection) -> Iterator[tuple[Any, ...]]:
    """The names, the rows and the sum of each column that is in `column_sums`."""

    def ask(query: str, *parameters: object) -> dict[str, NDArray[Any]]:
        return connection.execute(query, list(parameters)).fetchnumpy()

    every = sums.columns(lambda query: connection.execute(query).fetchall())
    for table, columns in groupby(every, key=lambda column: column.table):
        summed = [column for column in columns if not column.of_arrays]
        if table != sums.COLUMN_SUMS and summed:
            [(count,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
            found = sums.column_sums(table, summed, count, ask)
            yield from ((table, name, *each) for name, each in found.items())


def sum_again(connection: Connection) -> None:
    """Makes all sums from what the file holds. Raises TypeError and ValueError where it lacks something."""
    connection.execute("CREATE TEMP TABLE sums_again (place BIGINT, total UINTEGER)")
    for table, names in _with_arrays(connection).items():
        [(count,)] = connection.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()
        query = f"SELECT rowid, {', '.join(names)} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
        for start in range(0, count, _ROWS):
            found = connection.execute(query, [start, start + _ROWS - 1]).fetchnumpy()
            places = np.ma.getdata(found["rowid"]).tolist()
            rows = zip(places, *(np.ma.getdata(found[name]) for name in names), strict=True)
            _take(connection, places, [sums.row_sum(table, place, arrays) for place, *arrays in rows])
        connection.execute(
            f"UPDATE {table} SET sum = sums_again.total FROM sums_again WHERE {table}.rowid = sums_again.place"
        )
        connection.execute("DELETE FROM sums_again")
    _sum_records(connection)
    connection.execute("DROP TABLE sums_again")
    seal(connection)


def _sum_records(connection: Connection) -> None:
    def ask(query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return connection.execute(query, list(parameters)).fetchall()

    images = [image for (image,) in ask("SELECT image FROM images WHERE image IS NOT NULL ORDER BY rowid")]
    for some in parts(len(images), _ROWS):
        found = read_images(ask, images[some])
        _take(connection, list(found), [info.record_sum for info, _ in found.values()])
    connection.execute(
        "UPDATE images SET record_sum = sums_again.total FROM sums_again WHERE images.image = sums_again.place"
    )


def _take(connection: Connection, places: list[int], totals: list[int]) -> None:
    rows: dict[str, NDArray[Any]] = {"place": np.array(places, np.int64), "total": np.array(totals, np.uint32)}
    insert(connection, "sums_again", rows)
