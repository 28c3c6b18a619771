"""Written reports from files and folders, whatever their format."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.concepts.report_formats import FORMATS, format_of, is_report_file
from engine.concepts.report_formats.base import Choice
from engine.concepts.sections import ALL_SECTIONS, DEFAULT_SECTIONS
from engine.errors import ConfigError, MammiError

_SHOWN = 12


def read_reports(
    paths: Sequence[Path],
    *,
    sections: Sequence[str] = DEFAULT_SECTIONS,
    column: str | None = None,
    splits: Sequence[str] = (),
) -> Iterator[str]:
    """The chosen sections of each report in the files, and in the folders' files, in the order of their names.

    A report with none of the sections is passed over; a text without headings is taken whole. Raises ConfigError for a
    path that is not there, has no reports, or no such column or split, and MammiError for a file that cannot be read.
    """
    choice = _choice(sections, column, splits)
    for file in report_files(paths):
        with _told(file):
            yield from format_of(file).read(file, choice)


def check_sections(
    paths: Sequence[Path], sections: Sequence[str], column: str | None = None, splits: Sequence[str] = ()
) -> None:
    """Raises ConfigError for a section that no report has, naming those that there are; else as read_reports."""
    if not sections or ALL_SECTIONS in sections:
        return
    choice = _choice(sections, column, splits)
    found: Counter[str] = Counter()
    for file in report_files(paths):
        with _told(file):
            found.update(format_of(file).section_names(file, choice))
    for section in sections:
        if section.lower() not in found:
            names = ", ".join(name for name, _ in found.most_common(_SHOWN)) or "none"
            raise ConfigError(f"--section {section}: no report has it. Sections found: {names}.")


def report_files(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and those in the folders. Raises ConfigError as read_reports does."""
    return [file for path in paths for file in _report_files(path)]


def _report_files(path: Path) -> list[Path]:
    kinds = f"{', '.join(FORMATS)}, also gzipped"
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if is_report_file(file) and file.is_file())
        if not files:
            raise ConfigError(f"{path} holds no reports ({kinds}).")
        return files
    if not path.exists():
        raise ConfigError(f"{path} does not exist. Name a report file or a folder of them.")
    if not is_report_file(path):
        raise ConfigError(f"{path}: reports are read from {kinds}.")
    return [path]


def _choice(sections: Sequence[str], column: str | None, splits: Sequence[str]) -> Choice:
    return Choice(tuple(section.lower() for section in sections), column, tuple(splits))


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MammiError(f"{file} is not a sound gzip file: {error}.") from error
    except OSError as error:
        raise MammiError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise MammiError(f"{file} is not UTF-8 text ({error.reason} at byte {error.start}).") from error
