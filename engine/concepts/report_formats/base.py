"""What the formats of report files share: the choice of what to read, and how to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.text_files import TextFiles

GZIP = ".gz"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to read from a report file. A format ignores what does not apply to it."""

    sections: tuple[str, ...]
    """Names in lower case, or "all" """
    column: str | None = None
    """A table's column of reports"""
    splits: tuple[str, ...] = ()
    """Splits of R2Gen's JSON; an empty tuple chooses all"""
    texts: TextFiles = field(default_factory=TextFiles)
    """Reads the files in their encoding"""


@dataclass(frozen=True, slots=True)
class Format:
    """How to read one format."""

    read: Callable[[Path, Choice], Iterator[str]]
    """Yields the chosen sections of each report in a file, "" for a report that has none of them"""
    section_names: Callable[[Path, Choice], set[str]]
    """Returns the names of all sections in a file, in lower case"""
