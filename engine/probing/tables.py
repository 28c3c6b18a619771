"""Reads CSV files as people write them, row by row. A fault is reported in one line with its place."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ConfigError
from engine.probing.files import short
from engine.text_files import TextFiles, UnreadableText

_SEPARATORS = {sign: repr(sign) for sign in ";\t|,"}
_SHOWN = 200
"""The most characters of a header that a message shows"""


class Table:
    """A CSV file with a header, gzipped or not. `key` is the configuration's key that names the file."""

    def __init__(self, path: Path, key: str, delimiter: str = ",", texts: TextFiles | None = None) -> None:
        """Reads the header; `texts` knows the encoding that the user names. Raises ConfigError when the file cannot be
        read or is empty."""
        self.path = path
        self._key = key
        self._texts = texts or TextFiles()
        self._delimiter = delimiter
        _, header = next(self._records(), (0, []))
        self.header = _without_empty_end([name.strip() for name in header])
        if not self.header:
            raise ConfigError(f"{path} is empty.")

    def column(self, name: str, option: str | None = None) -> int:
        """The index of a column. Raises ConfigError, which names the nearest column and the option that asks for this
        one, where there is none or more than one."""
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
        """Each row's line number and stripped cells, as many as the header has. Empty lines are skipped.

        Cells beyond the header must be empty; a row may lack those under unnamed columns at its end. Raises ConfigError
        for a row of another length, and for a row that repeats an earlier row's cell in column `unique`.
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
                raise ConfigError(f"{self.path}: line {line} has {len(row)} columns; the header has {width}.")
            if unique is not None and (first := seen.setdefault(cells[unique], line)) != line:
                raise ConfigError(
                    f"{self.path}: line {line} names {short(cells[unique])!r}, as line {first} already does."
                )
            yield line, cells

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(read_lines(self.path, self._key, self._texts), delimiter=self._delimiter, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise ConfigError(f"{self._key}: {self.path} is not a CSV file: {error}.") from None


def read_lines(path: Path, key: str, texts: TextFiles | None = None) -> Iterator[str]:
    """The lines of a text file, gzipped or not, with their line ends.

    Warns where they are not UTF-8; `texts` knows the encoding that the user names. Raises ConfigError when the file
    cannot be read or unpacked, is not text, or is too large for a table.
    """
    texts = texts or TextFiles()
    try:
        yield from texts.lines(path)
    except UnreadableText as error:
        raise ConfigError(f"{key}: {error}") from None
    texts.warn(path)


def _without_empty_end(cells: list[str], width: int = 0) -> list[str]:
    """The cells without empty ones at the end, but at least `width` cells."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]
