"""Reports in the columns of a CSV or TSV file. Without commas in its header, a CSV file has semicolons, tabs or bars.

A file has either one column of whole reports or a column for each section. mimic_cxr_sectioned.csv, which the MIMIC-CXR
authors' create_section_files.py makes (github.com/MIT-LCP/mimic-cxr, txt), has the columns study, impression, findings,
last_paragraph and comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.concepts import sections
from engine.concepts.report_formats.base import Choice
from engine.errors import ConfigError, MammiError
from engine.text_files import short

REPORT_COLUMNS = ("report", "text")
LAST_PARAGRAPH = "last_paragraph"
"""The column to read if findings and impression are both empty"""


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections of each row."""
    names, rows = _table(file, choice)
    columns, spare = _columns(file, names, choice)
    for line, cells in rows:
        if any(cells[len(names) :]):
            raise MammiError(f"{file}, line {line}: more cells than the header has. Text with separators needs quotes.")
        parts = _filled(cells, columns) or _filled(cells, spare)
        if len(columns) == 1:
            parts = [sections.select_sections(part, choice.sections) for part in parts]
        yield "\n\n".join(parts)


def section_names(file: Path, choice: Choice) -> set[str]:
    names, rows = _table(file, choice)
    column = choice.column or next((name for name in names if name.lower() in REPORT_COLUMNS), "")
    place = [names.index(column)] if column in names else []
    headings = {
        name for _, cells in rows for report in _filled(cells, place) for name in sections.section_names(report)
    }
    return headings if choice.column else headings.union(name.lower() for name in names)


def _table(file: Path, choice: Choice) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names of the columns, and the rows below with their lines' numbers."""
    first = next(choice.texts.lines(file), "")
    separators = "\t" if ".tsv" in [suffix.lower() for suffix in file.suffixes[-2:]] else ",;\t|"
    separator = next((sign for sign in separators if sign in first), separators[0])
    rows = ((line, cells) for line, cells in choice.texts.records(file, separator) if cells)
    _, names = next(rows, (0, []))
    return [name.strip() for name in names], rows


def _columns(file: Path, names: Sequence[str], choice: Choice) -> tuple[list[int], list[int]]:
    """The columns to read, and those to read where these are empty. Raises ConfigError when there is none to read."""
    if choice.column is not None:
        chosen = [choice.column] if choice.column in names else []
    else:
        by_section = [name for name in names if name.lower() in choice.sections]
        chosen = by_section or [name for name in names if name.lower() in REPORT_COLUMNS][:1]
    if not chosen:
        missing = f"no column {choice.column!r}" if choice.column else "no column of reports"
        there = short(", ".join(names)) or "it has none"
        raise ConfigError(f"{file} has {missing}. Name one of its columns: {there}.")
    stands_in = {name.lower() for name in chosen} & {*sections.DEFAULT_SECTIONS}
    spare = [name for name in names if stands_in and name == LAST_PARAGRAPH]
    return [names.index(name) for name in chosen], [names.index(name) for name in spare]


def _filled(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [text for column in columns if column < len(cells) and (text := cells[column].strip())]
