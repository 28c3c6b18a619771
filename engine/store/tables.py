"""Exchanges tables with other programs: writes CSV, JSON and Parquet files, and reads embeddings from Parquet files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.errors import MammiError, first_line
from engine.limits import limits, named
from engine.store.database import misread
from engine.visible import visible

FORMATS = {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}
_UNSEEN = "'\" \\x0b\\x0c\\xa0\\u1680\\u2000-\\u200f\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff"
_FORMULA = re.compile(rf"^(?=\t|[\s{_UNSEEN}]*[=+\-@＝＋－＠])|(?<=[;|\t\n])(?=[{_UNSEEN}]*[=+\-@＝＋－＠])")
"""Where a formula may begin: in the text, and where another separator would cut it. Some spreadsheets strip
blanks and quotes first"""
_BESIDE_MB = 256
"""MB of memory that DuckDB may take beside the numbers that it reads"""
_PICTURES = {code: visible(chr(code)) for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}


def write_table(out: Path, file_format: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> int:
    """Writes rows of the given columns (name -> DuckDB type) to `out`, and returns how many.

    JSON is one array of objects; lists stay lists in JSON and Parquet, and texts are as they are. CSV is made for
    spreadsheets: every text is quoted, a list is its values joined by "; ", and texts and heads are those of
    `for_spreadsheets`. Raises ValueError for an unknown format, OSError when `out` cannot be written, MammiError when
    DuckDB takes its name for another.
    """
    if file_format not in FORMATS:
        raise ValueError(f"unknown format {file_format!r}: {', '.join(FORMATS)}")
    if why := misread(out):
        raise MammiError(f"{out}: {why}.")
    plain = file_format == "csv"
    types = {name: "VARCHAR" if plain and kind == "VARCHAR[]" else kind for name, kind in columns.items()}
    quoted = str(out.absolute()).replace("'", "''")
    with duckdb.connect(":memory:") as connection:
        names = {_identifier(for_spreadsheets(name) if plain else name): kind for name, kind in types.items()}
        connection.execute(f"CREATE TABLE rows ({', '.join(f'{name} {kind}' for name, kind in names.items())})")
        texts = ", ".join(name for name, kind in names.items() if kind == "VARCHAR")
        quoting = f", FORCE_QUOTE ({texts})" if plain and texts else ""
        with connection.appender("rows") as appender:
            appender.append_rows([_plain(value) for value in row] if plain else row for row in rows)
        try:
            connection.execute(f"COPY rows TO '{quoted}' ({FORMATS[file_format]}{quoting})")
        except duckdb.IOException as error:
            raise OSError(0, first_line(error)) from error
        counted = connection.execute("SELECT count(*) FROM rows").fetchone()
    return int(counted[0]) if counted else 0


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        value = "; ".join(str(part) for part in value)
    return for_spreadsheets(value) if isinstance(value, str) else value


def _identifier(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def for_spreadsheets(text: str) -> str:
    """A text that a spreadsheet takes as text: where a formula could begin, an apostrophe stands before it.

    Control characters but tabs and ends of lines become pictures, returns blanks.
    """
    shown = text.translate(_PICTURES)
    return _FORMULA.sub("'", shown)


def read_embeddings(path: Path, name_column: str) -> tuple[list[str], NDArray[np.float32]]:
    """Names and vectors [n, d] of a Parquet file, from its columns `name_column` (text) and `embedding` (lists).

    Raises MammiError when the file is missing or not a Parquet file, a column is missing or of another type, a row
    lacks a name or a vector, the vectors are not finite or not of one length, or any of it is more than engine.limits
    allows.
    """
    literal = re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))  # DuckDB reads a path as a pattern
    columns = {name_column: "VARCHAR", "embedding": "FLOAT[]"}
    # The names and types are this function's and its callers' own.
    query = f"SELECT {', '.join(f'{name}::{kind} AS {name}' for name, kind in columns.items())} FROM read_parquet(?)"  # noqa: S608
    if not path.is_file():
        raise MammiError(f"{path}: no such file.")
    if why := misread(path):
        raise MammiError(f"{path}: {why}.")
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute("SET temp_directory = ''")  # a file that takes more than the limit is refused, not spilt
        connection.execute(f"SET memory_limit = '{limits().arrays_mb + _BESIDE_MB}MiB'")
        try:
            _check_sizes(connection, query, literal, name_column, path)
            rows = connection.execute(query, [literal]).fetchnumpy()
        except duckdb.BinderException as error:
            needed = f"needs the columns {name_column} (text) and embedding (a list of numbers)"
            raise MammiError(f"{path}: {needed}: {first_line(error)}.") from error
        except duckdb.OutOfMemoryException:
            raise MammiError(f"{path} takes more memory than {named('arrays_mb')}.") from None
        except duckdb.Error as error:
            raise MammiError(f"{path}: not a Parquet file, or damaged ({first_line(error)}).") from error
    return [str(name) for name in _whole(rows[name_column], path, name_column)], _matrix(
        _whole(rows["embedding"], path, "embedding"), path
    )


def _check_sizes(connection: duckdb.DuckDBPyConnection, query: str, literal: str, name_column: str, path: Path) -> None:
    """Raises MammiError for more rows, text or numbers than engine.limits allows. Packed, these need no space."""
    counted = connection.execute("SELECT count(*) FROM read_parquet(?)", [literal]).fetchone()
    if counted and counted[0] > limits().rows:
        raise MammiError(f"{path} has more than {limits().rows:,} rows ({named('rows')}).")
    sums = f"SELECT sum(strlen({name_column})), sum(len(embedding)) FROM ({query})"  # noqa: S608
    found = connection.execute(sums, [literal]).fetchone()
    text, numbers = (int(each or 0) for each in found or (0, 0))
    if text > limits().text_mb << 20:
        raise MammiError(f"{path} has more than {limits().text_mb:,} MB of names ({named('text_mb')}).")
    if numbers * 4 > limits().arrays_mb << 20:
        raise MammiError(f"{path} has more than {limits().arrays_mb:,} MB of vectors ({named('arrays_mb')}).")


def _whole(column: NDArray[Any], path: Path, name: str) -> NDArray[Any]:
    """The column, which must have a value in each row."""
    empty = np.flatnonzero(np.ma.getmaskarray(column))
    if len(empty):
        raise MammiError(f"{path}: row {empty[0] + 1} has no {name}.")
    return np.ma.getdata(column)


def _matrix(vectors: NDArray[Any], path: Path) -> NDArray[np.float32]:
    """Lists of numbers, which may hold NULL, as a matrix [n, d]."""
    lengths = {len(vector) for vector in vectors}
    if len(lengths) != 1 or 0 in lengths:
        found = ", ".join(map(str, sorted(lengths))) or "no rows"
        raise MammiError(f"{path}: the vectors in embedding must have one length above 0; found {found}.")
    matrix = np.stack([np.ma.filled(vector, np.nan) for vector in vectors]).astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise MammiError(f"{path}: row {bad[0] + 1} has an embedding that is not finite.")
    return matrix
