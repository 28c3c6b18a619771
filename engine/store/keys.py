"""Content keys: equal keys, equal content."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.probing.base import Image


def content_key(*values: object) -> str:
    """The sha256, in hexadecimal, of values that JSON can write.

    The keys of mappings are sorted. Raises TypeError for a value that JSON cannot write.
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def image_facts(image: Image) -> tuple[Any, ...]:
    """What a probing set says of an image, its boxes and its polygons, as types that JSON can write: for keys."""
    facts = (image.path, image.patient, image.view, image.labels, image.report, dict(image.parameters))
    boxes = tuple((box.label, box.x, box.y, box.width, box.height) for box in image.boxes)
    return facts, boxes, tuple((polygon.label, polygon.points) for polygon in image.polygons)
