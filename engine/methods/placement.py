"""From a film's pixels to the target model's input, for boxes and polygons: where they lie after resizing and cropping.

The target's preprocessing is a black box (a user's own function may be one), so it is measured: films that are dark
left (above) of a known edge and bright right of (below) it go through it, and where the edge comes out is where that
place of a film lies on the input. Two edges in each direction give scale and shift; a third, between them, must lie
where they say.
That holds whatever the preprocessing does to grey levels (normalising each film by itself, as the demo's does,
included), and is exact to a small part of an input's pixel. What is not a scale and a shift of the whole film, the same
for all films of a size, cannot be followed: a rotation or warp is noticed, a crop that follows the content is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError, failing_as
from engine.methods.outlines import Corners
from engine.targets.base import TargetPreprocess

_DARK, _BRIGHT = 64, 192
_EDGES = (0.375, 0.5, 0.625)
"""Of a film's width or height; near enough to the middle to be on any usual crop."""
_TOLERANCE = 0.75
"""Pixels of the input by which the middle edge may be off: nearest-neighbour scaling moves it by half of one."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a film of one size lies on the input, in shares of the input's width and height (0 to 1 is seen)."""

    scale: tuple[float, float]
    """Shares of the input per pixel of the film, in x and y; negative where the film is mirrored"""
    shift: tuple[float, float]

    def place(self, corners: Corners) -> Corners:
        """Points of the film, in pixels from its top left, on the input."""
        return np.asarray(corners * self.scale + self.shift)


@dataclass(slots=True)
class Placements:
    """The placements of a preprocessing, each film size measured once."""

    preprocess: TargetPreprocess
    _known: dict[tuple[int, int], Placement] = field(default_factory=dict)

    def of(self, height: int, width: int) -> Placement:
        """Raises ConfigError where the preprocessing is no scale and shift, MammiError where it fails."""
        if (height, width) not in self._known:
            across = self._measure(height, width, axis=1)
            down = self._measure(height, width, axis=0)
            self._known[height, width] = Placement((across[0], down[0]), (across[1], down[1]))
        return self._known[height, width]

    def _measure(self, height: int, width: int, axis: int) -> tuple[float, float]:
        """Scale and shift along an axis."""
        length = (height, width)[axis]
        edges = [max(1, round(length * share)) for share in _EDGES]
        steps = np.array([self._steps(height, width, axis, edge) for edge in edges])
        first, middle, last = _moving(steps) if steps.shape[1] else (np.nan,) * 3
        if edges[0] < edges[2] and first != last:
            scale = (last - first) / (edges[2] - edges[0])
            if abs(first + scale * (edges[1] - edges[0]) - middle) <= _TOLERANCE:
                extent = steps.shape[1] + 1
                return float(scale / extent), float((first - scale * edges[0]) / extent)
        raise ConfigError(
            f"target: what the preprocessing does to a film of {width} × {height} pixels is not a scale and a crop, so "
            "boxes and polygons cannot be placed on the model's inputs: leave out methods.netdissect and methods.tsi."
        )

    def _steps(self, height: int, width: int, axis: int, edge: int) -> NDArray[np.float64]:
        """From each pixel of the input to the next along the axis, how much brighter it is, for a film with an edge."""
        film = np.full((height, width), _DARK, np.uint8)
        film[(slice(None),) * axis + (slice(edge, None),)] = _BRIGHT
        with failing_as("target: preprocessing a film of two grey levels failed"):
            values = self.preprocess(film).double().numpy()
            return np.asarray(np.diff(values.mean((0, 1 if axis == 1 else 2))))


def _moving(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the edge is in each film's steps [films, n], as the weighted mean of the step's places.

    What is in all films alike, such as the border of a padded film, is left out. NaN where there is nothing else.
    """
    rises, falls = np.clip(steps, 0, None), np.clip(-steps, 0, None)
    rises, falls = rises - rises.min(axis=0), falls - falls.min(axis=0)
    strong = rises if rises.sum() >= falls.sum() else falls
    total = strong.sum(axis=1)
    places = strong @ np.arange(1, steps.shape[1] + 1)
    return np.asarray(np.divide(places, total, out=np.full(len(steps), np.nan), where=total > 1e-9))
