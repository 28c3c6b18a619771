"""Boxes and outlines on the films that they belong to: scaled to the film's size, and checked against it."""

from __future__ import annotations

from dataclasses import replace

from engine.probing.base import Box, Image, Polygon
from engine.probing.files import warn
from engine.probing.places import FilmFile, film_size

_SLACK = 1.0
"""How far a box may lead out of its film, in pixels: a corner may be the last pixel or the one after"""


class Drawn:
    """Completes the images of `source` whose boxes and polygons were drawn on films of `side` × `side` pixels; on the
    films as they are where `side` is None."""

    def __init__(self, source: object, side: int | None = None) -> None:
        self._source = source
        self._side = side
        self._outside: list[str] = []

    def complete(self, image: Image, file: FilmFile) -> Image:
        """The image with its boxes and polygons in pixels of the film in `file`. An image of unknown size, which will
        be set aside, stays as it is."""
        if not (image.boxes or image.polygons):
            return image
        size = film_size(file) or _dicom_size(file)
        if size is None:
            return image
        width, height = size
        if self._side is not None:
            image = _scaled(image, width / self._side, height / self._side)
        if any(not _inside(box, width, height) for box in image.boxes):
            self._outside.append(image.path)
        return image

    def warn(self) -> None:
        """Warns of boxes that lead out of their films."""
        what = f"{self._source}: films with a box that leads out of the film, as if drawn on films of another size"
        warn(what, self._outside)


def _dicom_size(file: FilmFile) -> tuple[int, int] | None:
    try:
        from engine.probing.dicom.headers import film_size as dicom_size
    except ModuleNotFoundError:  # decoding will say so
        return None
    return dicom_size(file)


def _scaled(image: Image, x: float, y: float) -> Image:
    boxes = (Box(box.label, box.x * x, box.y * y, box.width * x, box.height * y) for box in image.boxes)
    outlines = (Polygon(line.label, tuple((a * x, b * y) for a, b in line.points)) for line in image.polygons)
    return replace(image, boxes=tuple(boxes), polygons=tuple(outlines))


def _inside(box: Box, width: int, height: int) -> bool:
    across, down = box.x + box.width, box.y + box.height
    return min(box.x, box.y) >= -_SLACK and across <= width + _SLACK and down <= height + _SLACK
