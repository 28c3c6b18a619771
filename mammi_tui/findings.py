"""An image's findings as shapes over its film."""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.records import ImageInfo


@dataclass(frozen=True, slots=True)
class Outline:
    """A box over a film, in fractions of its width and height."""

    label: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Contour:
    """A closed line over a film; its corners (x, y) are fractions of the width and height."""

    label: str
    points: tuple[tuple[float, float], ...]


Finding = Outline | Contour


def outlines(info: ImageInfo) -> list[Finding]:
    """An image's findings: their contours where it has any, else their boxes."""
    if info.width <= 0 or info.height <= 0:
        return []
    if info.polygons:
        return [
            Contour(polygon.label, tuple((x / info.width, y / info.height) for x, y in polygon.points))
            for polygon in info.polygons
        ]
    return [
        Outline(
            box.label,
            box.x / info.width,
            box.y / info.height,
            (box.x + box.width) / info.width,
            (box.y + box.height) / info.height,
        )
        for box in info.boxes
    ]
