"""Written reports from files: plain text, Open-i XML, and columns of CSV."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat

from engine.errors import ConfigError, MammiError

DEFAULT_SECTIONS = ("findings", "impression")
ALL_SECTIONS = "all"
"""In place of section names: the whole report."""

_REPORT_COLUMNS = ("report", "text")
_SHOWN = 12
_KNOWN_HEADINGS = "FINDINGS|IMPRESSION|INDICATION|HISTORY|TECHNIQUE|COMPARISON|EXAMINATION|CONCLUSION|RECOMMENDATIONS?"
_HEADING = re.compile(rf"^[ \t]*([A-Z][A-Z ,/()&-]+):|\b({_KNOWN_HEADINGS}):", re.MULTILINE)


def read_reports(
    paths: Sequence[Path], *, sections: Sequence[str] = DEFAULT_SECTIONS, column: str | None = None
) -> Iterator[str]:
    """The chosen sections of each report in the files, and in the folders' files, in the order of their names.

    A report with none of the sections is passed over where the file marks sections (XML, CSV); a text without
    headings is taken whole. Raises ConfigError for a path that is not there, has no reports or no such column,
    and MammiError for a file that cannot be read.
    """
    for file in report_files(paths):
        with _told(file):
            yield from _READERS[file.suffix.lower()](file, [section.lower() for section in sections], column)


def check_sections(paths: Sequence[Path], sections: Sequence[str], column: str | None = None) -> None:
    """Raises ConfigError for a section that no report has, naming those that there are; else as read_reports."""
    if not sections or ALL_SECTIONS in sections:
        return
    found: Counter[str] = Counter()
    for file in report_files(paths):
        with _told(file):
            found.update(_sections(file, column))
    for section in sections:
        if section.lower() not in found:
            names = ", ".join(name for name, _ in found.most_common(_SHOWN)) or "none"
            raise ConfigError(f"--section {section}: no report has it. Sections found: {names}.")


def report_files(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and those in the folders. Raises ConfigError as read_reports does."""
    return [file for path in paths for file in _report_files(path)]


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MammiError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise MammiError(f"{file} is not UTF-8 text ({error.reason} at byte {error.start}).") from error


def _sections(file: Path, column: str | None) -> set[str]:
    """Names of the sections in a file, in lower case."""
    if file.suffix.lower() == ".xml":
        return {label.lower() for label, _ in _xml_sections(file)}
    if file.suffix.lower() == ".txt":
        return _heading_names(file.read_text("utf-8-sig"))
    with _rows(file) as rows:
        names = [name.lower() for name in rows.fieldnames or ()]
        own = column or next((name for name in rows.fieldnames or () if name.lower() in _REPORT_COLUMNS), None)
        headings = {name for row in rows for name in _heading_names(row.get(own or "") or "")}
    return headings if column else headings.union(names)


def _heading_names(report: str) -> set[str]:
    return {(heading[1] or heading[2]).strip().lower() for heading in _HEADING.finditer(report)}


def select_sections(report: str, sections: Sequence[str]) -> str:
    """The text of the named sections of a report with headings such as `FINDINGS:`; all of it when none is there."""
    if ALL_SECTIONS in sections:
        return report
    wanted = {section.lower() for section in sections}
    headings = list(_HEADING.finditer(report))
    ends = [*(heading.start() for heading in headings), len(report)][1:]
    parts = [
        report[heading.end() : end].strip()
        for heading, end in zip(headings, ends, strict=True)
        if (heading[1] or heading[2]).strip().lower() in wanted
    ]
    return "\n\n".join(parts) if parts else report


def _report_files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _READERS and file.is_file())
        if not files:
            raise ConfigError(f"{path} holds no reports ({', '.join(_READERS)} files).")
        return files
    if not path.exists():
        raise ConfigError(f"{path} does not exist. Name a report file or a folder of them.")
    if path.suffix.lower() not in _READERS:
        raise ConfigError(f"{path}: reports are read from {', '.join(_READERS)} files.")
    return [path]


def _read_text(path: Path, sections: Sequence[str], _column: str | None) -> Iterator[str]:
    yield select_sections(path.read_text("utf-8-sig"), sections)


def _read_xml(path: Path, sections: Sequence[str], _column: str | None) -> Iterator[str]:
    found = _xml_sections(path)
    wanted = [text for label, text in found if label.lower() in sections or ALL_SECTIONS in sections]
    if any(wanted):
        yield "\n\n".join(text for text in wanted if text)


def _xml_sections(path: Path) -> list[tuple[str, str]]:
    """Label and text of each section. Open-i: one report a file, its sections in <AbstractText Label="FINDINGS">."""
    found: list[tuple[str, list[str]]] = []
    inside = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside
        inside = name == "AbstractText"
        if inside:
            found.append((attributes.get("Label", ""), []))

    def end(_name: str) -> None:
        nonlocal inside
        inside = False

    def text(characters: str) -> None:
        if inside:
            found[-1][1].append(characters)

    def refuse(*_: object) -> None:
        raise MammiError(
            f"{path} declares a document type, which a report does not need and may be an attack: refused."
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(path.read_bytes(), True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that is not known
        raise MammiError(f"{path} is not valid XML: {error}.") from error
    return [(label, "".join(pieces).strip()) for label, pieces in found]


def _read_table(path: Path, sections: Sequence[str], column: str | None) -> Iterator[str]:
    with _rows(path) as rows:
        columns = _report_columns(path, rows.fieldnames or (), sections, column)
        for row in rows:
            parts = [text for name in columns if (text := (row[name] or "").strip())]
            if len(columns) == 1:
                parts = [select_sections(part, sections) for part in parts]
            if parts:
                yield "\n\n".join(parts)


@contextmanager
def _rows(path: Path) -> Iterator[csv.DictReader[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        try:
            yield rows
        except csv.Error as error:
            raise MammiError(f"{path}, line {rows.line_num}: not a valid table: {error}.") from error


def _report_columns(path: Path, names: Sequence[str], sections: Sequence[str], column: str | None) -> list[str]:
    if column is None:
        by_section = [name for name in names if name.lower() in sections]
        chosen = by_section or [name for name in names if name.lower() in _REPORT_COLUMNS][:1]
    else:
        chosen = [column] if column in names else []
    if not chosen:
        missing = f"no column {column!r}" if column else "no column of reports"
        raise ConfigError(f"{path} has {missing}. Name one of its columns: {', '.join(names) or 'it has none'}.")
    return chosen


_READERS: dict[str, Callable[[Path, Sequence[str], str | None], Iterator[str]]] = {
    ".txt": _read_text,
    ".xml": _read_xml,
    ".csv": _read_table,
    ".tsv": _read_table,
}
