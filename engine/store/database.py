"""Opens DuckDB files for the store, and inserts arrays into their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from numpy.typing import NDArray

from engine.errors import RunFileError, disk_fault, first_line
from engine.store.lock_holder import writing_now

Connection = duckdb.DuckDBPyConnection

_ROW_GROUP = 2048
"""Rows that DuckDB compresses together. Rows here hold arrays: DuckDB's default (122,880) would need gigabytes."""

_BLOCK_BYTES = 65536
"""Bytes that DuckDB reads and checks at once. The answer for a layer reads a little of each unit: with DuckDB's default
(262,144) it would read four times as much."""


def connect(path: Path, *, read_only: bool, memory: str, threads: int) -> Connection:
    """A connection to one database file that can reach no other file, whatever views the file holds.

    Raises RunFileError when the file is missing, damaged, or held by another process, and OSError when the disk refuses
    a new one.
    """
    connection = duckdb.connect(":memory:", config={"memory_limit": memory, "threads": threads})
    # DuckDB spills, fetches and loads nothing beyond the database itself, so a hostile file cannot reach anything else.
    connection.execute("SET temp_directory = ''")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    mode = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {_ROW_GROUP}, BLOCK_SIZE {_BLOCK_BYTES}"
    quoted = str(path).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{quoted}' AS run (TYPE duckdb, {mode})")
    except duckdb.Error as error:
        connection.close()
        if not read_only and disk_fault(error):
            raise OSError(0, first_line(error)) from error
        raise RunFileError(_why_not_opened(path, read_only, error)) from error
    connection.execute("USE run")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _why_not_opened(path: Path, read_only: bool, error: duckdb.Error) -> str:
    if not path.exists():
        return f"{path}: no such file" if read_only else f"{path}: cannot be written ({first_line(error)})"
    if "could not set lock" in str(error).lower():
        return f"{path}: {writing_now(path)}; wait for it to end"
    if reason := disk_fault(error):
        return f"{path}: cannot be read: {reason}"
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
