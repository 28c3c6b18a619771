"""Reads CSV files as people write them, row by row. A fault is reported in one line with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.errors import ConfigError
from engine.likeness import closest
from engine.probing.places import Place
from engine.text_files import TextFiles, UnreadableText, short

_SEPARATORS = {sign: repr(sign) for sign in ";\t|,"}
_QUOTED = re.compile(r'"[^"]*"')
_NAMED_DELIMITER = re.compile(r'"?sep=([^\w\s"]|\t)"?[,;\s]*', re.IGNORECASE)
_SHOWN = 200
"""The most characters of a header that a message shows"""


class Table:
    """A CSV file with a header, gzipped or not. `key` is the configuration's key that names the file.

    Empty lines before the header are skipped. The first line may name the delimiter, as Excel writes it: "sep=;".
    Otherwise it is a comma or, in a header without commas, a semicolon, a tab or a bar.
    """

    def __init__(self, path: Place, key: str, delimiter: str | None = None, texts: TextFiles | None = None) -> None:
        """Reads the header. `delimiter` counts whatever the file says; `texts` knows the encoding that the user names.
        Raises ConfigError when the file cannot be read or is empty."""
        self.path = path
        self._key = key
        self._texts = texts or TextFiles()
        numbered = enumerate(read_lines(path, key, self._texts))
        blank, first = next(((place, line) for place, line in numbered if line.strip()), (0, ""))
        named = _NAMED_DELIMITER.fullmatch(first)
        self._begins_at = blank + 1 if named else blank
        self._delimiter = delimiter or (named[1] if named else _delimiter(first))
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
        for sign, shown in _SEPARATORS.items():
            if any(name in (part.strip() for part in column.split(sign)) for column in self.header if sign in column):
                return f"; its columns seem to be separated by {shown}, not by {self._delimiter!r}."
        close = closest(name, self.header)
        if close:
            return f"; did you mean {short(close[0])!r}?"
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
            cells = list(map(str.strip, row))
            if len(cells) != width and len(cells := _without_empty_end(cells, width)) != width:
                raise ConfigError(f"{self.path}: line {line} has {len(row)} columns; the header has {width}.")
            if unique is not None and (first := seen.setdefault(cells[unique], line)) != line:
                raise ConfigError(
                    f"{self.path}: line {line} names {short(cells[unique])!r}, as line {first} already does."
                )
            yield line, cells

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        try:
            yield from self._texts.records(self.path, self._delimiter, self._begins_at)
        except UnreadableText as error:
            raise ConfigError(f"{self._key}: {error}") from None
        self._texts.warn(self.path)


def read_lines(path: Place, key: str, texts: TextFiles | None = None) -> Iterator[str]:
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


def _delimiter(header: str) -> str:
    """A comma, unless the header has none outside quotes and has another sign."""
    bare = _QUOTED.sub("", header)
    return next((sign for sign in (",", ";", "\t", "|") if sign in bare), ",")


def _without_empty_end(cells: list[str], width: int = 0) -> list[str]:
    """The cells without empty ones at the end, but at least `width` cells."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]
