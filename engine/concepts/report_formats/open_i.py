"""An XML file with one report of Open-i's Indiana University collection: `<AbstractText Label="FINDINGS">…`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from engine.concepts.report_formats.base import Choice, read_whole
from engine.concepts.sections import ALL_SECTIONS
from engine.errors import MammiError


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections, if the report has any."""
    wanted = [
        text for label, text in _sections(file) if ALL_SECTIONS in choice.sections or label.lower() in choice.sections
    ]
    if any(wanted):
        yield "\n\n".join(text for text in wanted if text)


def section_names(file: Path, _choice: Choice) -> set[str]:
    return {label.lower() for label, _ in _sections(file)}


def _sections(file: Path) -> list[tuple[str, str]]:
    """The label and text of each section."""
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
            f"{file} is refused: it declares a document type, which a report does not need and which may be an attack."
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    content = read_whole(file)
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an unknown encoding
        raise MammiError(f"{file} is not valid XML: {error}.") from error
    return [(label, "".join(pieces).strip()) for label, pieces in found]
