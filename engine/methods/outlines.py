"""The boxes and polygons of images as outlines with labels, and the cells inside an outline."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError
from engine.probing.base import Image

Corners = NDArray[np.float64]
"""A closed outline [k, 2]: the x and y of its corners"""
Outlines = Callable[[Image], Sequence[tuple[str, Corners]]]
"""A function from an image to its outlines in one label set, each with its label, in pixels of the film"""


def boxes(image: Image) -> list[tuple[str, Corners]]:
    return [(box.label, box_corners(box.x, box.y, box.width, box.height)) for box in image.boxes]


def polygons(image: Image) -> list[tuple[str, Corners]]:
    return [(outline.label, np.array(outline.points, dtype=np.float64)) for outline in image.polygons]


def finest(image: Image) -> list[tuple[str, Corners]]:
    """The image's polygons, and the boxes of labels that have no polygon on it."""
    drawn = polygons(image)
    outlined = {label for label, _ in drawn}
    return [*drawn, *((label, corners) for label, corners in boxes(image) if label not in outlined)]


def need_outlines(method: str, images: Sequence[Image]) -> None:
    """Raises ConfigError when no image has a box or a polygon."""
    if not any(image.boxes or image.polygons for image in images):
        raise ConfigError(
            f"methods.{method}: the probing set has no boxes or polygons, which activation maps are compared with. "
            f"Leave out [methods.{method}], or use a set that has them (chestx_det, nih14 with boxes, phantom)."
        )


def box_corners(x: float, y: float, width: float, height: float) -> Corners:
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], dtype=np.float64)


def inside(corners: Corners, side: int) -> NDArray[np.bool_]:
    """The cells of a grid [side, side] over the unit square whose centre is inside an outline (even–odd rule)."""
    centres = (np.arange(side) + 0.5) / side
    (x1, y1), (x2, y2) = corners.T, np.roll(corners, -1, axis=0).T
    edges, rows = np.nonzero((y1[:, None] > centres) != (y2[:, None] > centres))
    crossings = x1[edges] + (centres[rows] - y1[edges]) / (y2[edges] - y1[edges]) * (x2[edges] - x1[edges])
    left = np.clip(np.ceil(crossings * side - 0.5), 0, side).astype(
        np.int64
    )  # the number of cells whose centre is left of each crossing
    counts = np.zeros((side, side + 1), np.int64)
    np.add.at(counts, (rows, left), 1)
    right_of = counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]  # crossings right of each cell's centre
    return np.asarray(right_of % 2 == 1)
