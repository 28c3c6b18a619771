"""A text file with one report, whose sections have headings, such as the files of MIMIC-CXR."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.concepts import sections
from engine.concepts.report_formats.base import Choice, read_whole


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections, if the report has any."""
    if text := sections.select_sections(_text(file), choice.sections):
        yield text


def section_names(file: Path, _choice: Choice) -> set[str]:
    return sections.section_names(_text(file))


def _text(file: Path) -> str:
    return read_whole(file).decode("utf-8-sig").replace("\r\n", "\n")
