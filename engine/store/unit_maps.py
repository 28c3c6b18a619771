"""Activation maps of units over films, in 8 bits: as the image pass makes them, and gathered for a run file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats

Cells = NDArray[np.uint8]


MAPS_STAGE = "maps "
"""The name under which a run file keeps the key of a layer's maps: this, and the layer's name"""


@dataclass(frozen=True, slots=True, eq=False)
class MapRows:
    """The maps of some units of one layer over some images, each image and unit once. A layer without maps has none,
    of size 0 × 0."""

    key: str
    """A key of the layer's part (engine.store.parts) and of how maps are made"""
    images: tuple[str, ...]
    """The key of each row's image, [m]"""
    units: NDArray[np.int32]
    """[m]"""
    lows: Floats
    """The lowest value of each map, [m]"""
    highs: Floats
    """The highest, [m]"""
    cells: Cells
    """[m, h, w], 0 for the lowest value of a map and 255 for the highest"""

    @classmethod
    def of_no_maps(cls, key: str) -> Self:
        """What says that a layer has no maps."""
        nothing = np.empty(0, np.float32)
        return cls(key, (), np.empty(0, np.int32), nothing, nothing, np.empty((0, 0, 0), np.uint8))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.cells.shape[1], self.cells.shape[2]


class MapSource(Protocol):
    """A file that holds maps."""

    def map_rows(self, key: str) -> Iterator[MapRows]:
        """All maps that the file holds under a key; the same image and unit may come twice."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LayerMaps:
    """The maps of each unit of a layer over the images that activate it most, by rank."""

    images: NDArray[np.int32]
    """[units, k], activation descending, counted among the usable images"""
    lows: Floats
    """[units, k]"""
    highs: Floats
    """[units, k]"""
    cells: Cells
    """[units, k, h, w]"""


class Gathering:
    """Finds the maps of chosen images and units of one layer in the files that hold them."""

    def __init__(self, images: NDArray[np.int32], keys: Sequence[str]) -> None:
        """`images` [units, k] are chosen for each unit, and `keys` are the keys of all images."""
        self._images = images
        self._wanted: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for unit, ranked in enumerate(images.tolist()):
            for rank, image in enumerate(ranked):
                self._wanted.setdefault((keys[image], unit), []).append((unit, rank))
        self._maps: LayerMaps | None = None
        self.without = False
        """Whether a file says that the layer has no maps"""
        self.found = np.zeros(images.shape, dtype=np.bool_)

    def add(self, pieces: Iterable[MapRows]) -> Self:
        """Takes what is wanted from these. Maps of another size than the first are left out."""
        for rows in pieces:
            if rows.size == (0, 0):
                self.without = True
            for row, wanted in enumerate(zip(rows.images, rows.units.tolist(), strict=True)):
                for place in self._wanted.get(wanted, ()):
                    self._take(rows, row, place)
        return self

    def _take(self, rows: MapRows, row: int, place: tuple[int, int]) -> None:
        if self._maps is None:
            lows, highs = np.zeros(self._images.shape, np.float32), np.zeros(self._images.shape, np.float32)
            self._maps = LayerMaps(self._images, lows, highs, np.zeros((*self._images.shape, *rows.size), np.uint8))
        maps = self._maps
        if maps.cells.shape[2:] != rows.size:
            return
        maps.lows[place], maps.highs[place], maps.cells[place] = rows.lows[row], rows.highs[row], rows.cells[row]
        self.found[place] = True

    def lacking(self) -> dict[int, list[int]]:
        """Each image of which a wanted map was not found -> the units."""
        units, ranks = np.nonzero(~self.found)
        lacking: dict[int, list[int]] = {}
        for unit, image in zip(units.tolist(), self._images[units, ranks].tolist(), strict=True):
            lacking.setdefault(image, []).append(unit)
        return lacking

    def whole(self) -> LayerMaps | None:
        """The maps; None where the layer has none, or not all were found."""
        return self._maps if self.found.all() and not self.without else None


class Strongest:
    """The k images that activate each unit most, of images that come a few at a time: activation descending, ties by
    index. Memory holds k values of each unit."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._count = 0
        self._values: Floats | None = None
        """[k, units], descending"""
        self._images: NDArray[np.int32] | None = None

    def add(self, activations: Floats) -> None:
        """The next images' activations, [n, units]."""
        indices = np.broadcast_to(
            np.arange(self._count, self._count + len(activations), dtype=np.int32)[:, None], activations.shape
        )
        self._count += len(activations)
        if self._values is None or self._images is None or len(self._values) < self._k:
            values, images = activations, indices
            if self._values is not None and self._images is not None:
                values, images = np.concatenate([self._values, values]), np.concatenate([self._images, images])
            self._values, self._images = self._first(values, images)
            return
        # An image that comes later must exceed what it takes the place of.
        units = np.flatnonzero((activations > self._values[-1]).any(axis=0))
        values = np.concatenate([self._values[:, units], activations[:, units]])
        images = np.concatenate([self._images[:, units], indices[:, units]])
        self._values[:, units], self._images[:, units] = self._first(values, images)

    def _first(self, values: Floats, images: NDArray[np.int32]) -> tuple[Floats, NDArray[np.int32]]:
        order = np.argsort(-values, axis=0, kind="stable")[: self._k]
        return np.take_along_axis(values, order, axis=0), np.take_along_axis(images, order, axis=0)

    def images(self) -> NDArray[np.int32]:
        """[units, min(k, images)]"""
        if self._images is None:
            return np.empty((0, 0), np.int32)
        return np.ascontiguousarray(self._images.T)


def packed(rows: MapRows) -> tuple[bytes, bytes, bytes]:
    """Lows, highs and cells as files keep them, little-endian."""
    return rows.lows.astype("<f4").tobytes(), rows.highs.astype("<f4").tobytes(), rows.cells.tobytes()


def unpacked(
    key: str, images: tuple[str, ...], units: NDArray[np.int32], values: Sequence[bytes], size: tuple[int, int]
) -> MapRows:
    """The rows whose `packed` is `values`. Raises ValueError for bytes that do not fit."""
    lows, highs, cells = values
    return MapRows(
        *(key, images, units, np.frombuffer(lows, "<f4"), np.frombuffer(highs, "<f4")),
        np.frombuffer(cells, np.uint8).reshape(len(images), *size),
    )
