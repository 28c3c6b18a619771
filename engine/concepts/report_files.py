"""Reads written reports from files and folders in any supported format.

A file that cannot be read, and a report without any of the chosen sections, is set aside. One warning each counts what
was set aside and passed over, and says why.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from engine.concepts.report_formats import FORMATS, format_of, is_report_file
from engine.concepts.report_formats.base import Choice
from engine.concepts.sections import ALL_SECTIONS, DEFAULT_SECTIONS
from engine.errors import ConfigError, MammiError, first_line
from engine.text_files import TextFiles, short

_SHOWN = 12
_TOLD = 3
"""The most files whose fault a warning tells"""
_KINDS = f"{', '.join(FORMATS)}, also gzipped"

log = logging.getLogger(__name__)


def read_reports(
    paths: Sequence[Path],
    *,
    sections: Sequence[str] = DEFAULT_SECTIONS,
    column: str | None = None,
    splits: Sequence[str] = (),
    texts: TextFiles | None = None,
) -> Iterator[str]:
    """The chosen sections of each report in the files and folders, in the order of the files' names in a folder.

    A text without headings is taken whole. `texts` knows the encoding that the user names. Warns of what is set aside.
    Raises ConfigError for a path that does not exist or has no reports, and what the first file raises when none can
    be read.
    """
    choice = _choice(sections, column, splits, texts)
    source = ", ".join(map(str, paths))
    found = _find(paths)
    found.warn(source)
    faults: list[MammiError] = []
    reports = empty = 0
    for file in found.files:
        try:
            texts_of_file = list(format_of(file).read(file, choice))
        except MammiError as error:
            faults.append(error)
            continue
        for text in texts_of_file:
            reports += 1
            if text.strip():
                yield text.strip()
            else:
                empty += 1
    _check_faults(faults, len(found.files))
    if faults:
        rest = f" … and {len(faults) - _TOLD:,} more." if len(faults) > _TOLD else ""
        told = " ".join(map(str, faults[:_TOLD]))
        log.warning("%s: set aside %d of %d report files. %s%s", source, len(faults), len(found.files), told, rest)
    if empty:
        wanted = " or ".join(choice.sections)
        log.warning("%s: left out %d of %d reports, which have no section %s.", source, empty, reports, wanted)
    choice.texts.warn(source)


def check_sections(
    paths: Sequence[Path],
    sections: Sequence[str],
    column: str | None = None,
    splits: Sequence[str] = (),
    texts: TextFiles | None = None,
) -> None:
    """Raises ConfigError, which names the sections that were found, for a section that no report has; otherwise raises
    as read_reports does."""
    if not sections or ALL_SECTIONS in sections:
        return
    choice = _choice(sections, column, splits, texts)
    names: Counter[str] = Counter()
    faults: list[MammiError] = []
    files = report_files(paths)
    for file in files:
        try:
            names.update(format_of(file).section_names(file, choice))
        except MammiError as error:
            faults.append(error)
    _check_faults(faults, len(files))
    for section in sections:
        if section.lower() not in names:
            known = ", ".join(short(name) for name, _ in names.most_common(_SHOWN)) or "none"
            raise ConfigError(f"--section {section}: no report has it. Sections found: {known}.")


def report_files(paths: Sequence[Path]) -> list[Path]:
    """The named files, and the report files in the named folders. Raises ConfigError as read_reports does."""
    return _find(paths).files


def digests(paths: Sequence[Path]) -> Iterator[str]:
    """The name and the hash of the bytes of each report file, or the reason why it cannot be read. Raises ConfigError
    as read_reports does."""
    for file in report_files(paths):
        try:
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            digest = f"cannot be read: {error.strerror}"
        yield f"{file.name} {digest}"


@dataclass(slots=True)
class _Found:
    """What the named paths hold."""

    files: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    """The number of other files by the ending of their names"""
    closed: list[str] = field(default_factory=list)
    """Folders that cannot be read"""

    def add_folder(self, folder: Path) -> None:
        """Searches a folder in depth. Hidden files are skipped."""
        files = []
        for place, names in self._walk(folder):
            for file in (Path(place, name) for name in names if not name.startswith(".")):
                if not is_report_file(file):
                    self.others[file.suffix.lower() or "without ending"] += 1
                elif _is_special(file):
                    self.others["pipe or device"] += 1
                else:
                    files.append(file)
        self.files += sorted(files)

    def _walk(self, folder: Path) -> Iterator[tuple[str, list[str]]]:
        """Each folder and the names of its files. os.walk calls itself for each level, and takes no more than 1,000."""
        left = [str(folder)]
        while left:
            levels = os.walk(left.pop(), onerror=lambda error: self.closed.append(str(error.filename)))
            for place, folders, names in islice(levels, 1):
                below = [os.path.join(place, name) for name in folders if not name.startswith(".")]  # noqa: PTH118
                left += [path for path in below if not os.path.islink(path)]  # noqa: PTH114
                yield place, names

    def warn(self, source: str) -> None:
        if self.closed:
            log.warning("%s: left out %d folders that cannot be read (%s).", source, len(self.closed), self.closed[0])
        if self.others:
            most = sorted(self.others.items(), key=lambda item: (-item[1], item[0]))[:_TOLD]
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in most)
            rest = f" and other kinds; {self.others.total():,} in all" if len(self.others) > _TOLD else ""
            log.warning("%s: passed over files that are not reports (%s): %s%s.", source, _KINDS, kinds, rest)


def _find(paths: Sequence[Path]) -> _Found:
    found = _Found()
    for path in paths:
        before = len(found.files)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise ConfigError(f"{path} does not exist. Name a report file or a folder of them.") from None
        except (OSError, ValueError) as error:  # ValueError: a null character in the name
            raise ConfigError(f"{path} cannot be read: {first_line(error)}.") from None
        if stat.S_ISDIR(mode):
            found.add_folder(path)
        elif is_report_file(path):
            found.files.append(path)
        else:
            raise ConfigError(f"{path}: reports are read from {_KINDS}.")
        if len(found.files) == before:
            raise ConfigError(f"{path} holds no reports ({_KINDS}).")
    return found


def _is_special(file: Path) -> bool:
    """Whether reading it might never end. A link that leads nowhere is not special: reading it gives the reason."""
    try:
        return not stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False


def _choice(sections: Sequence[str], column: str | None, splits: Sequence[str], texts: TextFiles | None) -> Choice:
    return Choice(tuple(section.lower() for section in sections), column, tuple(splits), texts or TextFiles())


def _check_faults(faults: Sequence[MammiError], files: int) -> None:
    """Raises the first fault where every file has one."""
    if len(faults) == files:
        rest = f" Nor can the other {files - 1:,} be read." if files > 1 else ""
        raise type(faults[0])(f"{faults[0]}{rest}")
