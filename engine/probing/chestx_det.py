"""ChestX-Det: 3,578 films of NIH ChestX-ray14 with boxes and outlines of 13 findings, by three radiologists.

Source: github.com/Deepwise-AILab/ChestX-Det-Dataset, ChestX_Det_train.json and ChestX_Det_test.json. ChestX-Det10's
train.json and test.json, which have no outlines, are read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from engine.errors import ConfigError, first_line
from engine.probing.base import Box, Image, Polygon
from engine.probing.files import MAX_BYTES, FileTree, FilmsByName, short
from engine.probing.film_set import FilmOptions, FilmSet, collect, scaled

SIDE = 1024
"""Pixels a side of the films that were annotated."""

_Number = Annotated[float, Field(allow_inf_nan=False)]
_MIN_CORNERS = 3


class Options(FilmOptions, frozen=True):
    """`[probing]` of a configuration with kind = "chestx_det"."""

    folder: Path
    """Of the films, as train_data.zip and test_data.zip unpack, or of NIH ChestX-ray14 for ChestX-Det10."""
    annotations: Path
    """Such as ChestX_Det_test.json."""


class _Entry(BaseModel, frozen=True):
    """One film: the findings, and in the same order their boxes (left, top, right, bottom) and outlines."""

    file_name: str
    syms: tuple[str, ...]
    boxes: tuple[tuple[_Number, _Number, _Number, _Number], ...]
    polygons: tuple[tuple[tuple[_Number, _Number], ...], ...] | None = None


def load(options: Options, base: Path) -> FilmSet:
    """Reads the annotations and finds their films. Raises ConfigError where either is missing or wrong."""
    tree = FileTree(base / options.folder)
    path = base / options.annotations
    return collect(_images(path), FilmsByName(tree).find, options, path, tree.folder, partial(scaled, side=SIDE))


def _images(path: Path) -> Iterator[Image]:
    for entry in _read(path):
        outlines = entry.polygons if entry.polygons is not None else ((),) * len(entry.syms)
        if not len(entry.syms) == len(entry.boxes) == len(outlines):
            raise ConfigError(f"{path}: {short(entry.file_name)!r} has not as many boxes and polygons as findings.")
        if any(right <= left or bottom <= top for left, top, right, bottom in entry.boxes):
            raise ConfigError(
                f"{path}: {short(entry.file_name)!r} has a box whose right or bottom is not beyond its left or top."
            )
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


def _read(path: Path) -> list[_Entry]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"probing.annotations: cannot read {path}: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"probing.annotations: {path} is larger than {MAX_BYTES >> 20} MB.")
    try:
        return TypeAdapter(list[_Entry]).validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))
        where = f"{path}: {place}" if place else f"{path}"
        raise ConfigError(
            f"probing.annotations: {where} is not as in ChestX-Det: {first_line(fault['msg'])}."
        ) from None
