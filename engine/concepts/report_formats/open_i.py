"""An XML file with one report of Open-i's Indiana University collection: `<AbstractText Label="FINDINGS">…`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from engine.concepts.report_formats.base import Choice
from engine.concepts.sections import ALL_SECTIONS, names_of
from engine.errors import MammiError, first_line
from engine.limits import limits, named
from engine.text_files import TextFiles, known_encoding, unpacked

_DECLARATION = 200
"""Bytes from a file's start that hold its XML declaration"""
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections."""
    every = ALL_SECTIONS in choice.sections
    yield "\n\n".join(
        text
        for label, text in _sections(file, choice.texts)
        if text and (every or not names_of(label).isdisjoint(choice.sections))
    )


def section_names(file: Path, choice: Choice) -> set[str]:
    return {name for label, _ in _sections(file, choice.texts) for name in names_of(label)}


def _sections(file: Path, texts: TextFiles) -> list[tuple[str, str]]:
    """The label and text of each section."""
    found: list[tuple[str, list[str]]] = []
    inside, depth = False, 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside, depth
        depth += 1
        if depth > limits().depth:
            raise MammiError(f"{file} is nested more than {limits().depth} deep ({named('depth')}).")
        inside = name == "AbstractText"
        if inside:
            found.append((attributes.get("Label", ""), []))

    def end(_name: str) -> None:
        nonlocal inside, depth
        inside, depth = False, depth - 1

    def text(characters: str) -> None:
        if inside:
            found[-1][1].append(characters)

    def refuse(*_: object) -> None:
        raise MammiError(
            f"{file} is refused: it declares a document type, which a report does not need and which may be an attack."
        )

    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(_in_declared_encoding(file, texts).read(file, "report_mb").encode(), True)
    except (expat.ExpatError, ValueError) as error:  # ValueError: an unknown encoding
        raise MammiError(f"{file} is not valid XML: {first_line(error)}.") from error
    return [(label, "".join(pieces).strip()) for label, pieces in found]


def _in_declared_encoding(file: Path, texts: TextFiles) -> TextFiles:
    """Reads the file in the encoding that its XML declaration names, unless the user names one or that is UTF-8."""
    with unpacked(file) as data:
        declared = _DECLARED.match(data.read(_DECLARATION))
    name = declared[1].decode() if declared else "utf-8"
    return texts if texts.encoding or name.lower() == "utf-8" else TextFiles(known_encoding(name))
