"""What the content hash is over of an image, where the other columns and tables of a run file do not hold it."""

from __future__ import annotations

import json

from engine.probing.base import Box, Image, Polygon, image_facts
from engine.store.database import text

_JSON = json.JSONEncoder(sort_keys=True).encode


def facts_of(image: Image, reason: str) -> str:
    """The column `facts`: JSON for an image that is set aside for a `reason`, and for one whose texts or numbers a
    table cannot hold as they are, such as a name that is no UTF-8; else "".
    """
    said = _JSON([*image_facts(image), reason])
    return said if reason or said != _JSON([*image_facts(as_stored(image)), reason]) else ""


def image_of(facts: str) -> tuple[Image, str]:
    """The image, and why it is set aside, of which these are the facts. Raises ValueError and TypeError for others."""
    (path, patient, view, labels, report, parameters), boxes, polygons, reason = json.loads(facts)
    shapes = tuple(Box(*box) for box in boxes), tuple(Polygon(*polygon) for polygon in polygons)
    return Image(path, patient, view, tuple(labels), *shapes, report, parameters), reason


def as_stored(image: Image) -> Image:
    """The image as the tables of a run file hold it, without its attributes."""
    boxes = (Box(_held(box.label), *map(float, (box.x, box.y, box.width, box.height))) for box in image.boxes)
    outlines = ((each.label, ((float(x), float(y)) for x, y in each.points)) for each in image.polygons)
    return Image(
        *(_held(image.path), text(image.patient), text(image.view)),
        tuple(map(_held, image.labels)),
        tuple(boxes),
        tuple(Polygon(_held(label), tuple(points)) for label, points in outlines),
        text(image.report),
        {name: float(value) for name, value in image.parameters.items()},
    )


def _held(told: str) -> str:
    return text(told) or ""
