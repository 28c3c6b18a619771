"""Maps in 8 bits: from each map's lowest value, 0, to its highest, 255."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats


class ClassMaps(NamedTuple):
    """The class activation maps of one image."""

    lows: Floats
    """The lowest value of each map, [classes]"""
    highs: Floats
    """The highest, [classes]"""
    cells: NDArray[np.uint8]
    """[classes · h · w]"""


def as_cells(maps: Floats) -> tuple[Floats, Floats, NDArray[np.uint8]]:
    """The lows […], the highs […] and the cells […, h, w] of maps […, h, w]."""
    lows, highs = maps.min((-2, -1)), maps.max((-2, -1))
    spans = np.where(highs > lows, highs - lows, 1)[..., None, None]
    with np.errstate(invalid="ignore"):  # maps that are not finite are of an image that is set aside
        return lows, highs, np.rint((maps - lows[..., None, None]) / spans * 255).astype(np.uint8)


def scaled(cells: NDArray[np.uint8], low: Any, high: Any) -> Floats:
    """Cells as values from `low` to `high`."""
    return np.asarray(low + cells.astype(np.float32) / 255 * (high - low), dtype=np.float32)


def packed(maps: Floats) -> NDArray[np.uint8]:
    """The part `class maps` of n images, [n, k], from maps [n, classes, h, w]: each image's lows, highs (float32,
    little-endian) and cells as bytes."""
    lows, highs, cells = as_cells(maps)
    pieces = [np.ascontiguousarray(each, "<f4").view(np.uint8) for each in (lows, highs)]
    return np.concatenate([*pieces, cells.reshape(len(maps), -1)], axis=1)


def unpacked(blob: bytes, classes: int) -> ClassMaps:
    """The maps whose `packed` is `blob`."""
    numbers = np.frombuffer(blob, "<f4", 2 * classes)
    return ClassMaps(numbers[:classes], numbers[classes:], np.frombuffer(blob, np.uint8, offset=8 * classes))
