"""What the formats of report files share: what is chosen of them, and how a file is opened."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from engine.errors import MammiError

GZIP = ".gz"
LARGEST = 1 << 30
"""Bytes of a file that is read at once, unpacked."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a report file is wanted. A format passes over what it does not have."""

    sections: tuple[str, ...]
    """In lower case, or "all"."""
    column: str | None = None
    """Of a table."""
    splits: tuple[str, ...] = ()
    """Of R2Gen's JSON; none for all."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is read."""

    read: Callable[[Path, Choice], Iterator[str]]
    """The chosen sections of each report in a file."""
    section_names: Callable[[Path, Choice], set[str]]
    """The names of all sections in a file, in lower case."""


def open_binary(file: Path) -> BinaryIO:
    """A file's bytes, unpacked when its name ends in .gz."""
    return cast(BinaryIO, gzip.open(file)) if file.suffix.lower() == GZIP else file.open("rb")


def read_whole(file: Path) -> bytes:
    """All of a file. Raises MammiError when it is larger than any file of reports should be."""
    with open_binary(file) as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise MammiError(f"{file} has more than {LARGEST >> 20} MiB: too large for a file of reports.")
    return content
