"""ChestX-Det: 3,578 films of NIH ChestX-ray14 with boxes and outlines of 13 findings, drawn by three radiologists.

Source: github.com/Deepwise-AILab/ChestX-Det-Dataset, ChestX_Det_train.json and ChestX_Det_test.json. The train.json and
test.json of ChestX-Det10, which have no outlines, can be read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from engine.errors import ConfigError, first_line
from engine.parsing import Unparsable, parse_json
from engine.probing.base import Box, Image, Polygon
from engine.probing.drawn import Drawn
from engine.probing.film_names import FilmsByName
from engine.probing.film_set import FilmOptions, FilmSet, collect
from engine.probing.places import Location, Place
from engine.probing.trees import film_tree
from engine.text_files import TextFiles, UnreadableText, short

SIDE = 1024
"""Side, in pixels, of the films that were annotated"""

_Number = Annotated[float, Field(allow_inf_nan=False)]
_MIN_CORNERS = 3


class Options(FilmOptions, frozen=True):
    """`[probing]` of a configuration with kind = "chestx_det"."""

    folder: Location
    """Holds the films: what train_data.zip and test_data.zip unpack to, or NIH ChestX-ray14 for ChestX-Det10"""
    annotations: Location
    """The file of boxes and outlines, such as ChestX_Det_test.json"""


class _Entry(BaseModel, frozen=True):
    """One film: its findings, and in the same order their boxes (left, top, right, bottom) and outlines."""

    file_name: str
    syms: tuple[str, ...]
    boxes: tuple[tuple[_Number, _Number, _Number, _Number], ...]
    polygons: tuple[tuple[tuple[_Number, _Number], ...], ...] | None = None


def load(options: Options, base: Path) -> FilmSet:
    """Reads the annotations and finds their films. Raises ConfigError when either is missing or wrong."""
    tree = film_tree(base / options.folder)
    path = base / options.annotations
    drawn = Drawn(path, SIDE)
    found = collect(_images(path), FilmsByName(tree).find, options, path, tree.folder, drawn.complete)
    drawn.warn()
    return found


def _images(path: Place) -> Iterator[Image]:
    for entry in _read(path):
        outlines = entry.polygons if entry.polygons is not None else ((),) * len(entry.syms)
        if not len(entry.syms) == len(entry.boxes) == len(outlines):
            raise ConfigError(f"{path}: {short(entry.file_name)!r} must have a box and a polygon for each finding.")
        if any(right <= left or bottom <= top for left, top, right, bottom in entry.boxes):
            raise ConfigError(f"{path}: {short(entry.file_name)!r} has a box without width or height.")
        yield Image(
            entry.file_name,
            labels=tuple(dict.fromkeys(entry.syms)),
            boxes=tuple(
                Box(label, left, top, right - left, bottom - top)
                for label, (left, top, right, bottom) in zip(entry.syms, entry.boxes, strict=True)
            ),
            polygons=tuple(
                Polygon(label, points)
                for label, points in zip(entry.syms, outlines, strict=True)
                if len(points) >= _MIN_CORNERS
            ),
        )


def _read(path: Place) -> list[_Entry]:
    texts = TextFiles()
    try:
        text = texts.read(path)
    except UnreadableText as error:
        raise ConfigError(f"probing.annotations: {error}") from None
    texts.warn(path)
    try:
        entries = parse_json(text)
    except Unparsable as error:
        raise ConfigError(f"probing.annotations: {path} {error}.") from None
    if not isinstance(entries, list):
        raise ConfigError(f"probing.annotations: {path} does not follow ChestX-Det's layout: it is no list.")
    return [_entry(entry, f"{path}: {number}") for number, entry in enumerate(entries)]


def _entry(entry: Any, place: str) -> _Entry:
    try:
        return _Entry.model_validate(entry)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join([place, *map(str, fault["loc"])])
        raise ConfigError(
            f"probing.annotations: {where} does not follow ChestX-Det's layout: {first_line(fault['msg'])}."
        ) from None
