"""Opens DuckDB files for the store, and inserts arrays into their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError, disk_fault, first_line
from engine.store.lock_holder import writing_now
from engine.store.sums import SUM, row_sum, row_sums

Connection = duckdb.DuckDBPyConnection

READING = "SET search_path = 'system.main,run.main'"
"""Where names in a query are looked up: DuckDB's own functions come first, as a file may hold others of these names"""

_ROW_GROUP = 2048
"""Rows that DuckDB compresses together. Rows here hold arrays: DuckDB's default (122,880) would need gigabytes."""

_BLOCK_BYTES = 65536
"""Bytes that DuckDB reads and checks at once. The answer for a layer reads a little of each unit: with DuckDB's default
(262,144) it would read four times as much."""


class LogBeside(RunFileError):
    """A log of changes lies beside a run file, which DuckDB would carry out on opening the file. mammi leaves none."""

    def __init__(self, log: Path) -> None:
        super().__init__(
            f"{log}: another program has left its changes to the run file here; close it, or move this file away to "
            "open the run as it was written"
        )


def connect(path: Path, *, read_only: bool, memory: str, threads: int) -> Connection:
    """A connection to one database file that can reach no other file, whatever views the file holds.

    Raises RunFileError when the file is missing, damaged, held by another process, or called as DuckDB does not take
    it, LogBeside when it is to be read, and OSError when the disk refuses a new one.
    """
    if why := misread(path):
        raise RunFileError(f"{path}: {why}.")
    log = path.parent / f"{path.name}.wal"
    if read_only and path.exists() and log.exists():
        raise LogBeside(log)
    connection = duckdb.connect(":memory:", config={"memory_limit": memory, "threads": threads})
    # DuckDB spills, fetches and loads nothing beyond the database itself, so a hostile file cannot reach anything else.
    connection.execute("SET temp_directory = ''")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    mode = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {_ROW_GROUP}, BLOCK_SIZE {_BLOCK_BYTES}"
    quoted = str(path.absolute()).replace("'", "''")  # ":memory:" alone would be no file
    try:
        connection.execute(f"ATTACH '{quoted}' AS run (TYPE duckdb, {mode})")
    except duckdb.Error as error:
        connection.close()
        if not read_only and disk_fault(error):
            raise OSError(0, first_line(error)) from error
        raise RunFileError(_why_not_opened(path, read_only, error)) from error
    connection.execute(READING if read_only else "USE run")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def misread(path: Path) -> str:
    """Why DuckDB would take this path for another one, or does not take it; "" where it does."""
    if "\\" in path.as_posix():
        return "DuckDB takes the backslash in this name for a slash; use another name"
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return "DuckDB takes no name that is not UTF-8; use another name, or another folder"
    return ""


def _why_not_opened(path: Path, read_only: bool, error: duckdb.Error) -> str:
    if not path.exists():
        return f"{path}: no such file" if read_only else f"{path}: cannot be written ({first_line(error)})"
    said = str(error).lower()
    if (reason := disk_fault(error)) and "conflicting lock" not in said:
        return f"{path}: cannot be read: {reason}"
    if "could not set lock" in said:
        return f"{path}: {writing_now(path)}; wait for it to end"
    return f"{path}: not a readable DuckDB file, or damaged ({first_line(error)})"


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All of the block's changes, or none of them."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def text(value: str | None) -> str | None:
    """A text as DuckDB can hold it: bytes of a file name that are not UTF-8 become question marks."""
    return None if value is None else value.encode("utf-8", "replace").decode()


def insert(connection: Connection, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Appends columns of equal length to a table, by name. A matrix becomes one list for each row."""
    from engine.store.arrow import ArrowColumns  # a reader of run files inserts nothing

    names = ", ".join(columns)
    with ArrowColumns(columns) as incoming:
        connection.register("incoming", incoming)
        try:
            connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")  # noqa: S608 (names are the store's own)
        finally:
            connection.unregister("incoming")


def insert_summed(connection: Connection, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """As `insert`, with the sum of each row's arrays (engine.store.sums)."""
    arrays = [np.ascontiguousarray(values) for values in columns.values() if values.ndim > 1]
    insert(connection, table, {**columns, SUM: row_sums(table, _count(connection, table), arrays)})


def append(connection: Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Appends rows to a table. A row that holds bytes gets their sum at its end (engine.store.sums)."""
    arrays = [[value for value in row if isinstance(value, bytes | bytearray)] for row in rows]
    if any(arrays):
        first = _count(connection, table)
        sums = (row_sum(table, place, some) if some else None for place, some in enumerate(arrays, start=first))
        rows = [row if total is None else [*row, total] for row, total in zip(rows, sums, strict=True)]
    with connection.appender(table) as appender:
        appender.append_rows(rows)


def _count(connection: Connection, table: str) -> int:
    """The rows of a table, which is the place of the next one: no row is ever removed."""
    [(count,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 (names are the store's own)
    return int(count)
