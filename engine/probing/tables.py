"""CSV files as people have them: read a row at a time, and told in one line where they are wrong."""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ConfigError
from engine.probing.files import short

MAX_LINE = 1 << 20
"""A longer line, in characters, is no table's."""
MAX_TABLE = 1 << 30
"""Characters of a whole file once unpacked. The longest public table, MIMIC-CXR's metadata, has 60 million."""

_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = {sign: repr(sign) for sign in ";\t|,"}
_SHOWN = 200
"""Characters of a header that a message shows."""


class Table:
    """A CSV file with a header, packed with gzip or not. `key` is the configuration's key that names it."""

    def __init__(self, path: Path, key: str, delimiter: str = ",") -> None:
        """Reads the header. Raises ConfigError where the file cannot be read or is empty."""
        self.path = path
        self._key = key
        self._delimiter = delimiter
        _, header = next(self._records(), (0, []))
        self.header = _without_empty_end([name.strip() for name in header])
        if not self.header:
            raise ConfigError(f"{path} is empty.")

    def column(self, name: str, option: str | None = None) -> int:
        """Where a column is. Raises ConfigError, naming the nearest column and the option that asks for this one."""
        count = self.header.count(name)
        if count == 1:
            return self.header.index(name)
        asked = f" ({option})" if option else ""
        raise ConfigError(
            f"{self.path} has {'no' if not count else 'more than one'} column {name!r}{asked}{self._hint(name)}"
        )

    def _hint(self, name: str) -> str:
        if name in self.header:
            return "."
        only = self.header[0] if len(self.header) == 1 else ""
        for sign, shown in _SEPARATORS.items():
            if sign in only:
                return f"; its columns seem to be separated by {shown}, not by {self._delimiter!r}."
        close = difflib.get_close_matches(name, self.header, n=1)
        if close:
            return f"; did you mean {close[0]!r}?"
        columns = ", ".join(self.header)
        return f"; its columns: {columns if len(columns) <= _SHOWN else columns[:_SHOWN] + '…'}."

    def has(self, name: str) -> bool:
        return name in self.header

    def rows(self, unique: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells, stripped, as many as the header has; empty lines are skipped.

        Cells beyond the header, and cells missing under a header's nameless end, must be empty. Raises ConfigError for
        a line of another length, and for a line whose cell in column `unique` an earlier line has.
        """
        width = len(self.header)
        seen: dict[str, int] = {}
        records = self._records()
        next(records, None)
        for line, row in records:
            if not any(row):
                continue
            cells = [cell.strip() for cell in row]
            if len(cells) != width and len(cells := _without_empty_end(cells, width)) != width:
                raise ConfigError(f"{self.path}: line {line} has not the header's {width} columns but {len(row)}.")
            if unique is not None and (first := seen.setdefault(cells[unique], line)) != line:
                raise ConfigError(
                    f"{self.path}: line {line} names {short(cells[unique])!r}, which line {first} does already."
                )
            yield line, cells

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(read_lines(self.path, self._key), delimiter=self._delimiter, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise ConfigError(f"{self._key}: {self.path} is not a CSV file: {error}.") from None


def read_lines(path: Path, key: str) -> Iterator[str]:
    """The lines of a text file in UTF-8, or in UTF-16 with its mark, packed with gzip or not, ends of lines kept.

    Raises ConfigError where it cannot be read or unpacked, is no text, or is larger than any table.
    """
    try:
        with path.open("rb") as file:
            stream = _as_text(gzip.GzipFile(fileobj=file) if file.peek(2).startswith(_GZIP) else file)
            total = 0
            while line := stream.readline(MAX_LINE):
                total += len(line)
                if len(line) == MAX_LINE or total > MAX_TABLE:
                    raise ConfigError(f"{key}: {path} is too large for a table, or has a line that is.")
                yield line
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise ConfigError(f"{key}: {path} is a damaged gzip file.") from None
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path}: {error.strerror}.") from None
    except UnicodeError:
        raise ConfigError(f"{key}: {path} is not text in UTF-8.") from None


def _as_text(data: io.BufferedReader | gzip.GzipFile) -> io.TextIOWrapper:
    encoding = "utf-16" if data.peek(2).startswith(_UTF_16) else "utf-8-sig"
    return io.TextIOWrapper(data, encoding, newline="")


def _without_empty_end(cells: list[str], width: int = 0) -> list[str]:
    """Without the empty cells at the end, but at least `width` of them."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]
