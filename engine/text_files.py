"""Reads text files from outside, in the encodings in which people save them: reports, tables and lists.

A byte order mark decides first, then the encoding that the user names. Without either a file is UTF-8, and bytes that
are no UTF-8 are read as Windows-1252, each for itself, so that a file put together from both is read too. Any file may
be gzipped, whatever its name.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from encodings.aliases import aliases
from itertools import islice
from time import thread_time
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator

from engine.errors import MammiError, first_line
from engine.likeness import closest
from engine.limits import limits, named

MAX_LINE = 1 << 20
"""The most characters of a line, and of a cell of a table"""
MB = 1 << 20

_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_MARK = 4
_OTHER_FORMATS = {
    "{\\rtf": "RTF",
    "%PDF-": "PDF",
    "PK\3\4": "a ZIP archive or a spreadsheet (save it as CSV)",
    "PAR1": "Parquet (save it as CSV)",
    "SQLite format 3": "a database of SQLite",
}
"""Formats of other files, by how these start"""
_NO_TEXT = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7"))
"""Codecs that are for other things than the text of a file. Some take time that grows with its square."""
_LINES_A_ROW = 8
_TIMED = 64
"""After so many pieces or lines the time is looked at, as asking for it takes longer than a line"""
_SHOWN = 120
"""The most characters of a name that a message shows"""
_AT_ONCE = 1 << 16
_NAMED = 3
"""The most files that a warning names"""
_UNDEFINED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
"""The bytes that Windows-1252 does not define"""
_WINDOWS_1252 = {0xDC00 + byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0x100) if byte not in _UNDEFINED}
"""The characters of bytes that are no UTF-8, by the lone surrogates with which "surrogateescape" marks these bytes"""
_MARKED = re.compile("[\udc80-\udcff]")

log = logging.getLogger(__name__)


def short(name: str) -> str:
    """A name from outside, cut for a message."""
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"


class TextFile(Protocol):
    """A file, here or elsewhere: pathlib.Path is one."""

    @property
    def name(self) -> str: ...
    def __hash__(self) -> int: ...
    def open(self, mode: Literal["rb"], /) -> io.BufferedReader: ...


class UnreadableText(MammiError):
    """A file is no text that can be read. The message names the file and gives the reason."""


def known_encoding(name: str) -> str:
    """The name of an encoding of text, as it was given. Raises ValueError, which names the nearest, for another."""
    try:
        "".encode(name)
        found = codecs.lookup(name)
        if found.incrementaldecoder is not None and found.name.replace("-", "_") not in _NO_TEXT:
            return name
    except (LookupError, ValueError):
        pass
    near = closest(name.lower().replace("-", "_"), set(aliases.values()) - _NO_TEXT)
    hint = f"did you mean {near[0].replace('_', '-')!r}?" if near else "there are utf-8, cp1252, latin-1, utf-16 …"
    raise ValueError(f"{short(name)!r} is not an encoding of text; {hint}")


Encoding = Annotated[str, AfterValidator(known_encoding)]
"""The type of an option `encoding`"""


@contextmanager
def unpacked(path: TextFile) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    """A file's bytes, unpacked where they are gzipped. Errors in reading it become UnreadableText."""
    try:
        with path.open("rb") as file:
            yield gzip.GzipFile(fileobj=file) if file.peek(len(_GZIP)).startswith(_GZIP) else file
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise UnreadableText(f"{path} is a damaged gzip file.") from None
    except OSError as error:
        raise UnreadableText(f"{path} cannot be read: {error.strerror or first_line(error)}.") from None


class TextFiles:
    """The text files of one source, such as a folder of reports."""

    def __init__(self, encoding: str | None = None, key: str | None = None) -> None:
        """`encoding` is what the user names, if anything, and `key` the option that takes it, for messages; None for a
        source without such an option."""
        self.encoding = encoding
        self._key = key
        self._guessed: dict[TextFile, bool] = {}
        """The files that were read as Windows-1252 -> whether that is told"""

    def read(self, path: TextFile, limit: str = "text_mb") -> str:
        """A file's whole text, with its line ends as they are. Raises UnreadableText, also for more MB than the
        `limit` of engine.limits allows."""
        return "".join(self._pieces(path, None, limit))

    def lines(self, path: TextFile) -> Iterator[str]:
        """A file's lines with their line ends. Raises UnreadableText, also for a line that is too long."""
        most = limits().rows * _LINES_A_ROW
        for number, line in enumerate(self._pieces(path, MAX_LINE, "text_mb"), start=1):
            if len(line) >= MAX_LINE:
                raise UnreadableText(f"{path}: line {number} is too long: it has {MAX_LINE:,} characters or more.")
            if number > most:
                raise UnreadableText(f"{path} has more than {most:,} lines ({named('rows')}).")
            yield line

    def records(self, path: TextFile, delimiter: str, skipped: int = 0) -> Iterator[tuple[int, list[str]]]:
        """The records of a CSV file, each with the number of its last line; the first lines may be skipped. Raises
        UnreadableText, also for more rows than engine.limits allows."""
        most = limits().rows
        csv.field_size_limit(MAX_LINE)
        rows = csv.reader(islice(self.lines(path), skipped, None), delimiter=delimiter, strict=True)
        try:
            for number, cells in enumerate(rows):
                if number > most:
                    raise UnreadableText(f"{path} has more than {most:,} rows ({named('rows')}).")
                yield rows.line_num + skipped, cells
        except csv.Error as error:
            place = f"{path}, line {rows.line_num + skipped}"
            raise UnreadableText(f"{place}: not a valid table: {_csv_fault(str(error))}.") from None

    def warn(self, source: object) -> None:
        """Logs one warning that counts the files of `source` that were read as Windows-1252; tells each file once."""
        paths = [path for path, told in self._guessed.items() if not told]
        self._guessed = dict.fromkeys(self._guessed, True)
        if not paths:
            return
        files = str(paths[0])
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths[:_NAMED])
            rest = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
            files = f"{source}: {len(paths):,} files ({names}{rest})"
        remedy = f"name it with {self._key}" if self._key else "save as UTF-8"
        log.warning("%s: not UTF-8, so read as Windows-1252. If it is another encoding, %s.", files, remedy)

    def _pieces(self, path: TextFile, longest: int | None, limit: str) -> Iterator[str]:
        """The file's lines, cut at `longest` characters; or, if that is None, pieces of any length. Their size and the
        time until the last is asked for are limited."""
        total, pieces, most = 0, 0, getattr(limits(), limit) * MB
        start, seconds = thread_time(), limits().seconds_per_mb
        with unpacked(path) as data:
            name, on_error = self._encoding_of(data.peek(_LONGEST_MARK))
            stream = io.TextIOWrapper(data, name, on_error, newline="")
            try:
                while piece := stream.readline(longest) if longest else stream.read(_AT_ONCE):
                    self._check_format(path, piece, at_start=total == 0)
                    total, pieces = total + len(piece), pieces + 1
                    if total > most:
                        raise UnreadableText(f"{path} is too large: more than {most // MB:,} MB ({named(limit)}).")
                    if pieces % _TIMED == 0 and thread_time() - start > seconds * max(1, total / MB):
                        raise UnreadableText(f"{path} takes too long to read ({named('seconds_per_mb')}).")
                    yield piece if piece.isascii() or on_error == "strict" else self._guess(path, piece)
            except UnicodeError as error:
                unmarked = "does not start with BOM" in str(error)
                orders = f", whose byte order is not told: say {name}-le or {name}-be" if unmarked else self._advice()
                raise UnreadableText(f"{path} is not text in {name}{orders}.") from None

    def _encoding_of(self, start: bytes) -> tuple[str, str]:
        """The encoding of a file that starts like this, and what TextIOWrapper is to do with bytes outside it."""
        marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
        if self.encoding is None and marked in (None, "utf-8-sig"):
            return "utf-8-sig", "surrogateescape"
        return marked or self.encoding or "utf-8", "strict"

    def _check_format(self, path: TextFile, piece: str, at_start: bool) -> None:
        if at_start:
            for start, kind in _OTHER_FORMATS.items():
                if piece.startswith(start):
                    raise UnreadableText(f"{path} is {kind}, not plain text.")
        if "\0" in piece:
            kinds = ", such as utf-16-le" if self._key else ""
            raise UnreadableText(f"{path} is not text, or is UTF-16 without a byte order mark{self._advice()}{kinds}.")

    def _guess(self, path: TextFile, piece: str) -> str:
        """The piece, with what is no UTF-8 read as Windows-1252."""
        if not _MARKED.search(piece):
            return piece
        text = piece.translate(_WINDOWS_1252)
        if _MARKED.search(text):
            raise UnreadableText(f"{path} is text in neither UTF-8 nor Windows-1252{self._advice()}.")
        self._guessed.setdefault(path, False)
        return text

    def _advice(self) -> str:
        return f": name its encoding with {self._key}" if self._key else ""


def _csv_fault(fault: str) -> str:
    """A fault of Python's csv in words for a reader."""
    if fault == "unexpected end of data":
        return "a quote has no end"
    return f"a cell has more than {MAX_LINE:,} characters" if fault.startswith("field larger") else fault
