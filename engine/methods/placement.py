"""From a film's pixels to the target model's input: where boxes and polygons lie after resizing and cropping.

The target's preprocessing is a black box, possibly a user's own function, so it is measured. Films that are dark
on one side of a given edge and bright on the other go through it; the edge's position in the output shows where that
place of a film lies on the input. Two edges in each direction give scale and shift. A third edge between them must lie
where scale and shift predict. The result is exact to a small part of an input pixel, whatever the preprocessing does to
grey levels (even if it normalises each film by itself, as the demo's does). It holds only if the preprocessing scales
and shifts the whole film, equally for all films of a size: a rotation or warp is noticed, a crop that depends on the
content is not.
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
"""Places of the edges, as shares of a film's width or height: close enough to the middle to be inside any usual crop"""
_TOLERANCE = 0.75
"""Pixels of the input by which the middle edge may be off; nearest-neighbour scaling moves it by half a pixel"""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a film of one size lies on the input, as shares of the input's width and height: 0 to 1 is visible."""

    scale: tuple[float, float]
    """Share of the input for one pixel of the film, in x and y; negative where the film is mirrored"""
    shift: tuple[float, float]

    @classmethod
    def whole(cls, height: int, width: int) -> Placement:
        """That of a film of this size that is the input itself."""
        return cls((1 / width, 1 / height), (0.0, 0.0))

    def place(self, corners: Corners) -> Corners:
        """Points of the film, in pixels from its top left, as points of the input."""
        return np.asarray(corners * self.scale + self.shift)


@dataclass(slots=True)
class Placements:
    """The placements of a preprocessing. Each size of films is measured once."""

    preprocess: TargetPreprocess
    _by_size: dict[tuple[int, int], Placement] = field(default_factory=dict)

    def of(self, height: int, width: int) -> Placement:
        """The placement of films of one size. Raises ConfigError when the preprocessing is not a scale and a shift,
        and MammiError when it fails."""
        if (height, width) not in self._by_size:
            across = self._measure(height, width, axis=1)
            down = self._measure(height, width, axis=0)
            self._by_size[height, width] = Placement((across[0], down[0]), (across[1], down[1]))
        return self._by_size[height, width]

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
            f"target: the preprocessing of a film of {width} × {height} pixels is not a scale and a crop, so boxes and "
            "polygons cannot be placed on the model's inputs, nor crops on films. Leave out methods.netdissect, "
            "methods.tsi and methods.falcon_crops."
        )

    def _steps(self, height: int, width: int, axis: int, edge: int) -> NDArray[np.float64]:
        """The rise in brightness from each pixel of the input to the next along the axis, for a film with an edge."""
        film = np.full((height, width), _DARK, np.uint8)
        film[(slice(None),) * axis + (slice(edge, None),)] = _BRIGHT
        with failing_as("target: preprocessing a film of two grey levels failed"):
            values = self.preprocess(film).double().numpy()
            return np.asarray(np.diff(values.mean((0, 1 if axis == 1 else 2))))


def _moving(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The position of the edge in each film's steps [films, n]: the mean of the steps' places, weighted by their size.

    Steps that all films share, such as at the border of a padded film, are left out; NaN where no other step is left.
    """
    rises, falls = np.clip(steps, 0, None), np.clip(-steps, 0, None)
    rises, falls = rises - rises.min(axis=0), falls - falls.min(axis=0)
    strong = rises if rises.sum() >= falls.sum() else falls
    total = strong.sum(axis=1)
    places = strong @ np.arange(1, steps.shape[1] + 1)
    return np.asarray(np.divide(places, total, out=np.full(len(steps), np.nan), where=total > 1e-9))
