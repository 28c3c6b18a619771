"""What the formats of report files share: the choice of what to read, and how to open a file."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from engine.errors import MammiError

GZIP = ".gz"
LARGEST = 1 << 30
"""The most bytes, unpacked, of a file that is read as a whole"""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to read from a report file. A format ignores what does not apply to it."""

    sections: tuple[str, ...]
    """Names in lower case, or "all" """
    column: str | None = None
    """A table's column of reports"""
    splits: tuple[str, ...] = ()
    """Splits of R2Gen's JSON; an empty tuple chooses all"""


@dataclass(frozen=True, slots=True)
class Format:
    """How to read one format."""

    read: Callable[[Path, Choice], Iterator[str]]
    """Yields the chosen sections of each report in a file"""
    section_names: Callable[[Path, Choice], set[str]]
    """Returns the names of all sections in a file, in lower case"""


def open_binary(file: Path) -> BinaryIO:
    """Opens a file; its bytes are unpacked if its name ends in .gz."""
    return cast(BinaryIO, gzip.open(file)) if file.suffix.lower() == GZIP else file.open("rb")


def read_whole(file: Path) -> bytes:
    """A file's whole content. Raises MammiError when it is larger than any file of reports should be."""
    with open_binary(file) as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise MammiError(f"{file} has more than {LARGEST >> 20} MiB: too large for a file of reports.")
    return content
