"""Tables for other programs: rows to a CSV, JSON or Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from engine.errors import MammiError

FORMATS = {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_table(out: Path, file_format: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> int:
    """Writes rows of the given columns (name -> DuckDB type) to `out`, and returns how many.

    JSON is one array of objects; lists stay lists in JSON and Parquet. In CSV a list is its values joined by "; ", and
    a text that a spreadsheet would run as a formula (it starts with =, +, -, @, a tab or a carriage return) gets an
    apostrophe before it. Raises ValueError for an unknown format, MammiError when `out` cannot be written.
    """
    if file_format not in FORMATS:
        raise ValueError(f"unknown format {file_format!r}: {', '.join(FORMATS)}")
    plain = file_format == "csv"
    types = {name: "VARCHAR" if plain and kind == "VARCHAR[]" else kind for name, kind in columns.items()}
    quoted = str(out).replace("'", "''")
    with duckdb.connect(":memory:") as connection:
        definition = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        connection.execute(f"CREATE TABLE rows ({definition})")
        with connection.appender("rows") as appender:
            appender.append_rows([_plain(value) for value in row] if plain else row for row in rows)
        try:
            connection.execute(f"COPY rows TO '{quoted}' ({FORMATS[file_format]})")
        except duckdb.IOException as error:
            raise MammiError(f"{out}: cannot be written ({str(error).splitlines()[0]})") from error
        counted = connection.execute("SELECT count(*) FROM rows").fetchone()
    return int(counted[0]) if counted else 0


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        value = "; ".join(str(part) for part in value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
