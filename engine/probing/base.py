"""What every probing set gives: a list of images, and each one's bytes on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


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
    """One image of a probing set: what is known of it without opening it."""

    path: str
    """Its name as shown to a reader: relative to the probing set's root, with forward slashes."""
    patient: str | None = None
    view: str | None = None
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    report: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Known truth, for phantoms: anatomical parameters by name. Empty for real films."""


class ProbingSet(Protocol):
    """A probing set. One file in engine/probing for each kind."""

    images: Sequence[Image]

    def read(self, image: Image) -> bytes:
        """The image file's bytes (PNG, JPEG, …), for decoding. Safe to call from several threads.

        Raises UnreadableImage when the bytes cannot be had.
        """
        ...

    def content(self, image: Image) -> str | None:
        """What determines those bytes, where that is known without reading them; None where they must be read.

        Images of equal content, in this or any other run, have equal bytes: a run reuses what it computed from one
        without reading it again. Raises UnreadableImage as `read` does.
        """
        ...
