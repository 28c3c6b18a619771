"""The formats of report files, by the ending of their names. Each has one module; any file may also be gzipped."""

from __future__ import annotations

from pathlib import Path

from engine.concepts.report_formats import open_i, r2gen, table, text
from engine.concepts.report_formats.base import GZIP, Format

FORMATS: dict[str, Format] = {
    ".txt": Format(text.read, text.section_names),
    ".xml": Format(open_i.read, open_i.section_names),
    ".json": Format(r2gen.read, r2gen.section_names),
    ".csv": Format(table.read, table.section_names),
    ".tsv": Format(table.read, table.section_names),
}


def format_of(file: Path) -> Format:
    """The format of a report file."""
    return FORMATS[_ending(file)]


def is_report_file(file: Path) -> bool:
    """Whether the name has the ending of a format."""
    return _ending(file) in FORMATS


def _ending(file: Path) -> str:
    """The ending of a name in lower case, ignoring gzip's."""
    return Path(file.stem if file.suffix.lower() == GZIP else file.name).suffix.lower()
