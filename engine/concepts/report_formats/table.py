"""Reports in the columns of a CSV or TSV file. Without commas in its header, a CSV file has semicolons, tabs or bars.

A file has either one column of whole reports or a column for each section. mimic_cxr_sectioned.csv, which the MIMIC-CXR
authors' create_section_files.py makes (github.com/MIT-LCP/mimic-cxr, txt), has the columns study, impression, findings,
last_paragraph and comparison.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.concepts import sections
from engine.concepts.report_formats.base import Choice
from engine.errors import ConfigError, MammiError

REPORT_COLUMNS = ("report", "text")
_BEYOND = "beyond the header"
"""The key of a row's cells beyond the header"""
LAST_PARAGRAPH = "last_paragraph"
"""The column to read if findings and impression are both empty"""


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections of each row."""
    with _rows(file, choice) as rows:
        columns, spare = _columns(file, rows.fieldnames or (), choice)
        for row in rows:
            if any(row.get(_BEYOND) or ()):
                raise MammiError(
                    f"{file}, line {rows.line_num}: more cells than the header has. Text with separators needs quotes."
                )
            parts = _filled(row, columns) or _filled(row, spare)
            if len(columns) == 1:
                parts = [sections.select_sections(part, choice.sections) for part in parts]
            yield "\n\n".join(parts)


def section_names(file: Path, choice: Choice) -> set[str]:
    with _rows(file, choice) as rows:
        names = rows.fieldnames or ()
        column = choice.column or next((name for name in names if name.lower() in REPORT_COLUMNS), "")
        headings = {name for row in rows for name in sections.section_names(row.get(column) or "")}
    return headings if choice.column else headings.union(name.lower() for name in names)


@contextmanager
def _rows(file: Path, choice: Choice) -> Iterator[csv.DictReader[str]]:
    first = next(choice.texts.lines(file), "")
    separators = "\t" if ".tsv" in [suffix.lower() for suffix in file.suffixes[-2:]] else ",;\t|"
    separator = next((sign for sign in separators if sign in first), separators[0])
    rows = csv.DictReader(choice.texts.lines(file), delimiter=separator, strict=True, restkey=_BEYOND)
    try:
        rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
        yield rows
    except csv.Error as error:
        raise MammiError(f"{file}, line {rows.line_num}: not a valid table: {error}.") from error


def _columns(file: Path, names: Sequence[str], choice: Choice) -> tuple[list[str], list[str]]:
    """The columns to read, and those to read where these are empty. Raises ConfigError when there is none to read."""
    if choice.column is not None:
        chosen = [choice.column] if choice.column in names else []
    else:
        by_section = [name for name in names if name.lower() in choice.sections]
        chosen = by_section or [name for name in names if name.lower() in REPORT_COLUMNS][:1]
    if not chosen:
        missing = f"no column {choice.column!r}" if choice.column else "no column of reports"
        raise ConfigError(f"{file} has {missing}. Name one of its columns: {', '.join(names) or 'it has none'}.")
    stands_in = {name.lower() for name in chosen} & {*sections.DEFAULT_SECTIONS}
    return chosen, [name for name in names if stands_in and name == LAST_PARAGRAPH]


def _filled(row: dict[str, str], columns: Sequence[str]) -> list[str]:
    return [text for name in columns if (text := (row[name] or "").strip())]
