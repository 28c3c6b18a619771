"""Reads written reports from files and folders in any supported format."""

from __future__ import annotations

import gzip
import hashlib
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
    """The chosen sections of each report in the files and folders, in the order of the files' names in a folder.

    A report without any of the sections is skipped; a text without headings is taken whole. Raises ConfigError for a
    path that does not exist or has no reports, and for a column or split that is missing, and MammiError for a file
    that cannot be read.
    """
    choice = _choice(sections, column, splits)
    for file in report_files(paths):
        with _read_errors(file):
            yield from format_of(file).read(file, choice)


def check_sections(
    paths: Sequence[Path], sections: Sequence[str], column: str | None = None, splits: Sequence[str] = ()
) -> None:
    """Raises ConfigError, which names the sections that were found, for a section that no report has; otherwise raises
    as read_reports does."""
    if not sections or ALL_SECTIONS in sections:
        return
    choice = _choice(sections, column, splits)
    found: Counter[str] = Counter()
    for file in report_files(paths):
        with _read_errors(file):
            found.update(format_of(file).section_names(file, choice))
    for section in sections:
        if section.lower() not in found:
            names = ", ".join(name for name, _ in found.most_common(_SHOWN)) or "none"
            raise ConfigError(f"--section {section}: no report has it. Sections found: {names}.")


def report_files(paths: Sequence[Path]) -> list[Path]:
    """The named files, and the report files in the named folders. Raises ConfigError as read_reports does."""
    return [file for path in paths for file in _report_files(path)]


def digests(paths: Sequence[Path]) -> Iterator[str]:
    """The name and the hash of the bytes of each report file. Raises as read_reports does."""
    for file in report_files(paths):
        with _read_errors(file), file.open("rb") as opened:
            yield f"{file.name} {hashlib.file_digest(opened, 'sha256').hexdigest()}"


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
def _read_errors(file: Path) -> Iterator[None]:
    """Turns errors in reading the file into MammiError that names it."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MammiError(f"{file} is a damaged gzip file: {error}.") from error
    except OSError as error:
        raise MammiError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise MammiError(f"{file} is not UTF-8 text ({error.reason} at byte {error.start}).") from error
