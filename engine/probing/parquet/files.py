"""Parquet files, read by row groups: the rows of a list, and films that are held in a column."""

from __future__ import annotations

import errno
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from time import thread_time
from typing import Any

import pyarrow
from pyarrow import compute, parquet

from engine.errors import ConfigError, first_line
from engine.limits import limits, named
from engine.probing.parquet.cells import ROW, cell
from engine.probing.places import Place, part_stamp
from engine.probing.tables import Table
from engine.text_files import MAX_LINE, MB, short

KEY = "probing.parquet"
_ROWS = 8192
"""Rows that are read at once"""
_ITEMS_A_ROW = 8
_ROW_BYTES = 64
"""What a row counts as in limits.seconds_per_mb, about as much as a line of text"""
_TIMED = 64
"""After so many rows the time is looked at"""
_GROUPS = 3
"""Row groups of films that are held at once: threads read ahead across the border of two"""
MOST_GROUP = 1 << 30
"""The most bytes of the films of a row group"""


@contextmanager
def _failing(place: Place, key: str) -> Iterator[None]:
    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise ConfigError(f"{key}: {place} cannot be read as Parquet: {short(reason)}.") from None


def _opened(place: Place, packed: Collection[str] = ()) -> Any:
    """The file. `packed`: dotted names of columns of text or bytes that are read as each value once, and the number of
    each row's: a file of a few KB may say a long value in each of its rows."""
    return parquet.ParquetFile(place.open("rb"), read_dictionary=[*packed])


def check_rows(place: Place, key: str, rows: int) -> None:
    """Raises ConfigError for more rows, in files up to this one, than engine.limits allows."""
    if rows > limits().rows:
        raise ConfigError(f"{key}: {place} has more than {limits().rows:,} rows ({named('rows')}).")


class ParquetTable(Table):
    """The columns of Parquet files of one layout, with the interface of a CSV file. Columns of bytes, and of what has
    parts of its own, are no columns of it."""

    def __init__(self, places: list[Place], key: str, only: Collection[str] | None, named: bool) -> None:
        """`only`: the columns that are read; the cells of others are empty. `named`: whether each row has the column
        ROW. Raises ConfigError."""
        self.path = places[0] if len(places) == 1 else places[0].parent
        self._places, self._key, self._named, self._delimiter = places, key, named, ","
        with _failing(places[0], key):
            schema = _opened(places[0]).schema_arrow
        types = pyarrow.types
        self._columns = [
            field.name
            for field in schema
            if not (types.is_nested(field.type) and not _is_list_of_cells(field.type))
            and not (types.is_binary(field.type) or types.is_large_binary(field.type))
        ]
        self._read = [name for name in self._columns if only is None or name in only]
        self.header = self._columns + [ROW] * named

    def rows(self, unique: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """As Table.rows; a line's number is that of its row. Raises ConfigError for a file of other columns."""
        seen: dict[str, int] = {}
        line = 0
        for place in self._places:
            before = line
            with _failing(place, self._key):
                file = _opened(place, self._texts_of(place))
            check_rows(place, self._key, before + file.metadata.num_rows)
            missing = sorted(set(self._read) - set(file.schema_arrow.names))
            if missing:
                raise ConfigError(f"{self._key}: {place} has no column {missing[0]!r}, as other files of it have.")
            names = row_names(place, file.metadata.num_rows) if self._named else str
            start, most = thread_time(), limits().seconds_per_mb * max(1, file.metadata.num_rows * _ROW_BYTES / MB)
            for columns in self._batches(place, file):
                for values in columns:
                    line += 1
                    if line % _TIMED == 0 and thread_time() - start > most:
                        raise ConfigError(f"{self._key}: {place} takes too long to read ({named('seconds_per_mb')}).")
                    cells = [cell(value) for value in values] + [names(line - before - 1)] * self._named
                    if max(map(len, cells), default=0) > MAX_LINE:
                        raise ConfigError(
                            f"{self._key}: {place}: row {line - before} has a cell of over {MAX_LINE:,} characters."
                        )
                    if unique is not None and (first := seen.setdefault(cells[unique], line)) != line:
                        again = short(cells[unique])
                        raise ConfigError(f"{self.path}: row {line} names {again!r}, as row {first} already does.")
                    yield line, cells

    def _batches(self, place: Place, file: Any) -> Iterator[Iterator[tuple[Any, ...]]]:
        if not self._read:
            for start in range(0, file.metadata.num_rows, _ROWS):
                empty = (None,) * len(self._columns)
                yield iter([empty] * min(_ROWS, file.metadata.num_rows - start))
            return
        text = 0
        batches = (
            batch
            for group in range(file.num_row_groups)  # of several, Arrow reads no lists of packed texts at once
            for batch in file.iter_batches(_ROWS, [group], self._read, use_threads=False)
        )
        while True:
            with _failing(place, self._key):
                batch = next(batches, None)
                if batch is None:
                    return
                text += sum(_text_in(batch.column(name)) for name in self._read)
                if text > limits().text_mb * MB:
                    raise ConfigError(
                        f"{self._key}: {place} has more than {limits().text_mb:,} MB of text ({named('text_mb')})."
                    )
                found = {name: batch.column(name).to_pylist() for name in self._read}
            none = [None] * batch.num_rows
            yield zip(*(found.get(name, none) for name in self._columns), strict=True)

    def _texts_of(self, place: Place) -> list[str]:
        """The dotted names of the columns of text that are read. Raises ConfigError for lists of too many items."""
        metadata = _opened(place).metadata
        leaves = [metadata.schema.column(index) for index in range(metadata.num_columns)]
        of = [leaf.path.partition(".")[0] if leaf.max_repetition_level else leaf.path for leaf in leaves]
        most = limits().rows * _ITEMS_A_ROW
        for index, (leaf, name) in enumerate(zip(leaves, of, strict=True)):
            if name in self._read and leaf.max_repetition_level:
                groups = (metadata.row_group(each).column(index) for each in range(metadata.num_row_groups))
                if sum(group.num_values for group in groups) > most:
                    raise ConfigError(
                        f"{self._key}: {place} has more than {most:,} items in {short(name)!r} ({named('rows')})."
                    )
        return [
            leaf.path
            for leaf, name in zip(leaves, of, strict=True)
            if name in self._read and leaf.physical_type == "BYTE_ARRAY"
        ]


def _text_in(column: Any) -> int:
    """The bytes of text in a column, each as often as it is there."""
    types = pyarrow.types
    if types.is_list(column.type) or types.is_large_list(column.type):
        column = column.flatten()
    if types.is_dictionary(column.type):
        lengths = compute.binary_length(column.dictionary)
        return compute.sum(lengths.take(column.indices)).as_py() or 0
    return 0


def _is_list_of_cells(kind: Any) -> bool:
    types = pyarrow.types
    return (types.is_list(kind) or types.is_large_list(kind)) and not types.is_nested(kind.value_type)


def row_names(place: Place, count: int) -> Callable[[int], str]:
    """The name of each of `count` rows by its number from 0. Their order as texts is that of the rows."""
    digits = len(str(max(count - 1, 0)))
    return lambda row: f"{place.name}/{row:0{digits}}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A film that a row holds."""

    films: HeldFilms
    row: int

    def read(self, most: int) -> bytes:
        return self.films.read(self.row)[:most]

    def stamp(self) -> str:
        return part_stamp(self.films.place, str(self.row))


class HeldFilms:
    """The films in a column of a Parquet file: bytes, or what Hugging Face's data sets write, a struct with `bytes`.

    A row group is read once for the films in it, as long as they are asked for in their order.
    """

    def __init__(self, place: Place, column: str) -> None:
        """Raises ConfigError for a file without such a column, and for row groups that are too large."""
        self.place = place
        self._lock = threading.Lock()
        self._held: OrderedDict[int, Any] = OrderedDict()
        with _failing(place, KEY):
            metadata, schema = self._file.metadata, self._file.schema_arrow
        self.rows: int = metadata.num_rows
        self._column = _bytes_of(schema, column, place)
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        self._starts = [0, *accumulate(group.num_rows for group in groups)]
        for group in groups:
            parts = [group.column(index) for index in range(group.num_columns)]
            size = sum(part.total_uncompressed_size for part in parts if part.path_in_schema == self._column)
            if size > MOST_GROUP:
                raise ConfigError(
                    f"{KEY}: {place} has a row group with {size >> 20:,} MB of films, of which each would be read for "
                    "one film: write it with row_group_size=100."
                )

    @cached_property
    def _file(self) -> Any:
        return _opened(self.place)

    @cached_property
    def _films(self) -> Any:
        return _opened(self.place, [self._column])

    def read(self, row: int) -> bytes:
        """A film's bytes, none where the row has none. Raises OSError."""
        from bisect import bisect_right

        group = bisect_right(self._starts, row) - 1
        with self._lock:
            if group not in self._held:
                while len(self._held) >= _GROUPS:
                    self._held.popitem(last=False)
                try:
                    table = self._films.read_row_group(group, columns=[self._column], use_threads=False)
                except (pyarrow.ArrowException, ValueError, OverflowError, LookupError) as error:
                    raise OSError(errno.EIO, f"damaged: {first_line(error)}") from None
                self._held[group] = table.column(0)
            self._held.move_to_end(group)
            value = self._held[group][row - self._starts[group]].as_py()
        if isinstance(value, dict):
            value = value.get("bytes")
        return value if isinstance(value, bytes) else b""


def _bytes_of(schema: Any, column: str, place: Place) -> str:
    """The dotted name of a column's bytes."""
    types = pyarrow.types
    if column in schema.names:
        kind = schema.field(column).type
        if types.is_binary(kind) or types.is_large_binary(kind):
            return column
        if types.is_struct(kind) and "bytes" in [part.name for part in kind]:
            return f"{column}.bytes"
        raise ConfigError(f"probing.image_column: {column!r} of {place} is {kind}, and holds no bytes of films.")
    there = [field.name for field in schema if types.is_binary(field.type) or types.is_struct(field.type)]
    hint = f"columns that may hold films: {', '.join(map(short, there[:5]))}" if there else "none holds bytes"
    raise ConfigError(f"probing.image_column: {place} has no column {column!r}; {hint}.")
