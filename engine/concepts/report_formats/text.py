"""A text file with one report, whose sections have headings, such as the files of MIMIC-CXR."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.concepts import sections
from engine.concepts.report_formats.base import Choice


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections."""
    yield sections.select_sections(choice.texts.read(file, "report_mb"), choice.sections)


def section_names(file: Path, choice: Choice) -> set[str]:
    return sections.section_names(choice.texts.read(file, "report_mb"))
