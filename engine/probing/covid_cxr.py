"""COVID-CXR: 100 films with masks of lungs, findings and tubes, drawn by radiologists; one of TSI's two label sets.

Source: github.com/GeneralBlockchain/covid-19-chest-xray-segmentations-dataset. structure.csv has a row for each mask:
the film's name in images/, the label, the path of the mask's PNG file, and where on the film its left and top are.
Labels are as published ("Nosogastric Tube"). CAMP-eXplain-AI/CheXplain-Dissection reads the same columns
(src/features/dataset_seg.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from engine.errors import ConfigError
from engine.probing.base import Image, Polygon
from engine.probing.decoding import MAX_PIXELS
from engine.probing.files import Ambiguous, Film, FilmTree, LeadsOut, warn
from engine.probing.film_set import FilmOptions, FilmSet, collect
from engine.probing.masks import outline
from engine.probing.places import FilmFile, Location, film_size, open_film
from engine.probing.tables import Table
from engine.probing.trees import film_tree
from engine.text_files import short

_TABLE = "structure.csv"
_IMAGES = "images"
_COLUMNS = ("Filename", "Template Name", "Mask", "Left", "Top")


class Options(FilmOptions, frozen=True):
    """`[probing]` of a configuration with kind = "covid_cxr"."""

    folder: Location
    """The clone of the repository: it holds structure.csv, images and masks"""


@dataclass(frozen=True, slots=True)
class _Mask:
    label: str
    path: str
    left: int
    top: int


def load(options: Options, base: Path) -> FilmSet:
    """Reads the table, finds the films and traces their masks.

    Warns of masks that are missing or cannot be read. Raises ConfigError when the table or every film is missing, and
    for a row that is wrong.
    """
    tree = film_tree(base / options.folder)
    table = Table(tree.folder / _TABLE, "probing.folder")
    masks = _read(table)
    of_film: dict[str, list[_Mask]] = {}
    faults: list[str] = []

    def find(name: str) -> Film | None:
        film = tree.find(f"{_IMAGES}/{name}")
        if film is not None:
            of_film[film.name] = masks[name]
        return film

    def outlined(image: Image, file: FilmFile) -> Image:
        return replace(image, polygons=tuple(_polygons(tree, of_film[image.path], film_size(file), faults)))

    images = [Image(name, labels=tuple(sorted({mask.label for mask in own}))) for name, own in masks.items()]
    found = collect(images, find, options, table.path, tree.folder, outlined)
    warn(f"{table.path}: left out masks that are missing or cannot be read", sorted(faults))
    return found


def _read(table: Table) -> dict[str, list[_Mask]]:
    """The masks by the name of their film. A film without a mask has none."""
    film, label, path, left, top = (table.column(name) for name in _COLUMNS)
    masks: dict[str, list[_Mask]] = {}
    for line, cells in table.rows():
        of_film = masks.setdefault(cells[film], [])
        if not cells[path]:
            continue
        if not (cells[film] and cells[label]):
            raise ConfigError(f"{table.path}: line {line} has a mask without {_COLUMNS[0]} or {_COLUMNS[1]}.")
        try:
            of_film.append(_Mask(cells[label], cells[path], int(cells[left]), int(cells[top])))
        except ValueError:
            place = f"{short(cells[left])!r}, {short(cells[top])!r}"
            raise ConfigError(f"{table.path}: line {line} has {place} as Left, Top: not whole numbers.") from None
    return masks


def _polygons(
    tree: FilmTree, masks: Sequence[_Mask], size: tuple[int, int] | None, faults: list[str]
) -> Iterator[Polygon]:
    """The outlines of masks on a film of this width and height; what lies beyond it is cut off, as in the published
    code. Nothing is cut off a film that cannot be read, and will be set aside. Adds the paths of masks that cannot be
    read to `faults`."""
    width, height = size or (MAX_PIXELS, MAX_PIXELS)
    for mask in masks:
        pixels = _pixels(tree, mask.path)
        if pixels is None:
            faults.append(mask.path)
            continue
        inside = pixels[max(-mask.top, 0) : max(height - mask.top, 0), max(-mask.left, 0) : max(width - mask.left, 0)]
        try:
            points = outline(inside, max(mask.left, 0), max(mask.top, 0))
        except ValueError as error:
            faults.append(f"{mask.path}: {error}")
            continue
        if points:
            yield Polygon(mask.label, points)


def _pixels(tree: FilmTree, path: str) -> NDArray[np.bool_] | None:
    """Whether each pixel [h, w] of a mask's file belongs to the mask; None if the file is missing or damaged."""
    try:
        found = tree.find(path)
    except (LeadsOut, Ambiguous):
        found = None
    if found is None:
        return None
    try:
        with open_film(found.file) as stream, Picture.open(stream, formats=("PNG",)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            return np.asarray(picture if picture.mode.startswith("I") else picture.convert("RGB").convert("L")) > 0
    except (OSError, SyntaxError, ValueError, Picture.DecompressionBombError):
        return None
