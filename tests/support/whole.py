"""Every table of a run file, to compare two runs that must be the same; and a file that is not what it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from engine.store.reader import RunReader

OWN = {"meta": ("content_hash", "target", "vlm", "alpha", "beta", "dimension", "ranking", "selection")}
"""The columns that are compared, of tables that also say when and with which settings a run was made"""


def everything(path: Path) -> dict[str, str]:
    """The name of each table -> a hash of its rows, in their order."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {table: _hash(connection, table) for table in tables if table != "column_sums"}


def every_sum(path: Path) -> dict[str, str]:
    """As `everything`, by what the file says of its tables: quicker, where the file is one that was just written."""
    with duckdb.connect(str(path), read_only=True) as connection:
        query = "SELECT table_name, list((column_name, rows, sum) ORDER BY column_name) FROM column_sums GROUP BY ALL"
        found = {table: str(sums) for table, sums in connection.execute(query).fetchall()}
        return found | {table: _hash(connection, table) for table in OWN}


def _hash(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    rows = connection.execute(f"SELECT {', '.join(OWN.get(table, '*'))} FROM {table}").fetchall()  # noqa: S608
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def damage_embedding(path: Path, image: int) -> None:
    """Writes zeros over the embedding of an image, of which DuckDB does not notice until it reads the block."""
    with RunReader(path) as reader:
        embedding = reader.arrays.image_embeddings()[image].tobytes()
    data = path.read_bytes()
    assert data.count(embedding) == 1
    path.write_bytes(data.replace(embedding, bytes(len(embedding))))
