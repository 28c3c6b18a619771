"""What every probing set provides: a list of images, and the bytes of each on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

NONE = "none"
"""The value of an attribute that is known to be absent, such as the devices of a film without any"""


@dataclass(frozen=True, slots=True)
class Box:
    """A finding's bounding box, in pixels of the decoded film: left, top, width, height."""

    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """A finding's closed outline: its corners (x, y), in pixels of the decoded film from its top left."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a probing set, and its metadata."""

    path: str
    """The name that a reader sees: relative to the probing set's root, with forward slashes"""
    patient: str | None = None
    view: str | None = None
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    report: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    """The truth behind a phantom: its anatomical parameters by name. Empty for real films."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What an audit looks at beside findings: attribute -> the image's values, such as "sex" -> ("F",), "age" ->
    ("61",), "device" -> ("chest tube", "central line"). A number is written as text. An attribute that is left out is
    unknown; one that is known to have no value has NONE."""


def image_facts(image: Image) -> tuple[Any, ...]:
    """What a probing set says of an image, its boxes and its polygons, as types that JSON can write: for keys."""
    facts = (image.path, image.patient, image.view, image.labels, image.report, dict(image.parameters))
    boxes = tuple((box.label, box.x, box.y, box.width, box.height) for box in image.boxes)
    return facts, boxes, tuple((polygon.label, polygon.points) for polygon in image.polygons)


class ProbingSet(Protocol):
    """A probing set. Each kind has one file in engine/probing.

    It may also have a method `stamp` (see the function of that name).
    """

    images: Sequence[Image]
    """In a stable order, each path once"""

    def read(self, image: Image) -> bytes:
        """The bytes of the image's file, in one of FORMATS (engine.probing.suffixes), for decoding. Several threads may
        call it at once.

        Raises UnreadableImage when the file cannot be read.
        """
        ...

    def content(self, image: Image) -> str | None:
        """A text that determines those bytes, if one exists without reading them; None if they must be read.

        Two images of equal content have equal bytes, in this run and in any other: a run reuses what it computed from
        one of them and does not read the other. Raises UnreadableImage as `read` does.
        """
        ...


def stamp(probing: ProbingSet, image: Image) -> str:
    """A text that differs, in all likelihood, once the image's file is another one, found without reading the file:
    such as its size and the time of its last change. "" where the probing set has no method `stamp`, or cannot say.
    """
    find = getattr(probing, "stamp", None)
    return "" if find is None else str(find(image))
