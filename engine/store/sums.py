"""Sums by which a reader sees that a run file is as it was written.

DuckDB's checksum is one of a block's words: it knows neither the block's place nor the order of the words. So a table
whose rows hold arrays (lists of numbers, bytes) has a column `sum`: the CRC-32 of a row's arrays in the table's order,
little-endian, started from the table's name and the row's place (its rowid). The table `column_sums` has a hash of each
other column over all its rows, and of `sum`, and each line names its run by the content hash: a table of another run
does not fit, not even with its lines. So it stands for the whole file, whose `whole_hash` is made of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SUM = "sum"
"""The column that holds the sum of a row's arrays"""
COLUMN_SUMS = "column_sums"
_ROWS = 16384
"""Rows of a column that are read at once: part of the definition of its sum"""

Rows = Callable[..., list[tuple[Any, ...]]]
"""Asks a query with parameters"""
Columns = Callable[..., dict[str, NDArray[Any]]]
"""Asks a query with parameters, and gives columns that may be masked"""


class Column(NamedTuple):
    """A column of a table."""

    table: str
    name: str
    kind: str
    """Its type in DuckDB"""

    @property
    def of_arrays(self) -> bool:
        """Whether the rows' sums are over it."""
        return self.kind == "BLOB" or (self.kind.endswith("]") and self.kind.count("[") == 1)


class ColumnSum(NamedTuple):
    """A line of `column_sums`."""

    rows: int
    sum: int
    """64 bits of BLAKE2"""


def row_sum(table: str, place: int, arrays: Sequence[Any]) -> int:
    """The sum of one row's arrays, which are bytes or contiguous. Raises TypeError and ValueError for anything else."""
    total = (crc32(table.encode()) + place) & 0xFFFFFFFF
    for values in arrays:
        total = crc32(values, total)
    return total


def row_sums(table: str, first: int, arrays: Sequence[NDArray[Any]]) -> NDArray[np.uint32]:
    """The sums of rows from place `first` on, from their columns of arrays, [n, …] each."""
    rows = enumerate(zip(*arrays, strict=True), start=first)
    return np.fromiter((row_sum(table, place, row) for place, row in rows), np.uint32)


def columns(ask: Rows) -> list[Column]:
    """All columns of a run file's tables, in the tables' order."""
    query = (
        "SELECT table_name, column_name, data_type FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE database_name = 'run' ORDER BY table_name, column_index"
    )
    return [Column(*row) for row in ask(query)]


def column_sums(table: str, of: Sequence[Column], rows: int, ask: Columns) -> dict[str, ColumnSum]:
    """The sums of columns of a table of so many rows, by name; of columns that hold no arrays."""
    digests = {column.name: hashlib.blake2b(f"{table}.{column.name}".encode(), digest_size=8) for column in of}
    found = 0
    for piece in _pieces(table, of, rows, ask):
        for name, digest in digests.items():
            missing = np.ma.getmaskarray(piece[name])
            if missing.any():
                digest.update(b"NULL" + np.packbits(missing).tobytes())
            digest.update(_stored(np.ma.getdata(piece[name]), missing))
        found += len(piece[of[0].name])
    return {name: ColumnSum(found, int.from_bytes(digest.digest(), "little")) for name, digest in digests.items()}


def _pieces(table: str, of: Sequence[Column], rows: int, ask: Columns) -> Iterator[dict[str, NDArray[Any]]]:
    """A small table at once, another some rows at a time."""
    values = (f"{name}::VARCHAR AS {name}" if kind.endswith("]") else name for _, name, kind in of)
    query = f"SELECT {', '.join(values)} FROM {table}"  # noqa: S608 (so is the next: names of the schema)
    if rows <= _ROWS:
        yield ask(query)
        return
    bounds = ask(f"SELECT max(rowid) AS last FROM {table}")["last"]  # noqa: S608
    last = -1 if np.ma.getmaskarray(bounds)[0] else int(bounds[0])
    for start in range(0, last + 1, _ROWS):
        yield ask(f"{query} WHERE rowid BETWEEN ? AND ?", start, start + _ROWS - 1)


def _stored(values: NDArray[Any], missing: NDArray[np.bool_]) -> bytes:
    """Numbers little-endian, zeros where they are missing; texts with NUL between them, those missing empty."""
    if values.dtype == object:
        texts = ["" if gone else text for text, gone in zip(values.tolist(), missing.tolist(), strict=True)]
        try:
            return "\0".join(texts).encode()
        except TypeError:  # another program gave the column a type that holds no texts: it gets another sum
            return b"\0" + repr(texts).encode()
    numbers = np.where(missing, np.zeros((), values.dtype), values)
    return numbers.astype(numbers.dtype.newbyteorder("<"), copy=False).tobytes()


_NOT_ANSWERS = {
    *(("meta", name) for name in ("created", "config", "versions")),
    *((table, name) for table in ("stages", "sources", "parts") for name in ("name", "key")),
    *(("notes", name) for name in ("source", "text")),
    *(("images", name) for name in ("film_key", "embedding_key")),
    ("schema_version", "version"),
}
"""Columns that only describe how a run was computed, and serve the next one"""


def whole_hash(sums: dict[tuple[str, str], ColumnSum]) -> str:
    """SHA-256 over the sums of all columns that an answer depends on."""
    lines = (f"{table} {name} {rows} {total}\n" for (table, name), (rows, total) in sorted(sums.items()))
    named = zip(sorted(sums), lines, strict=True)
    return hashlib.sha256("".join(line for column, line in named if column not in _NOT_ANSWERS).encode()).hexdigest()
