"""Where a map is strongest on a film, and how much of that lies inside the film's outlines. Pure functions.

A map covers the part of the film that the target model sees. It is interpolated bilinearly between the centres of its
cells, and goes on beyond the outermost ones, as engine.methods.upsampling does with the border "edge".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.probing.base import Box, Polygon

Mask = NDArray[np.bool_]
STRONGEST = 0.1
"""The share of a film's cells that counts as strongest: a decile"""


def upsampled(values: NDArray[np.floating[Any]], height: int, width: int) -> NDArray[np.float64]:
    """A map [h, w] at `height` × `width`."""
    rows, columns = (_weights(small, large) for small, large in zip(values.shape, (height, width), strict=True))
    return np.asarray(rows @ values.astype(np.float64) @ columns.T)


def _weights(small: int, large: int) -> NDArray[np.float64]:
    """The weight of each of `small` cells at each of `large` places, [large, small]."""
    places = ((np.arange(large) + 0.5) * (small / large) - 0.5).clip(0, small - 1)
    return np.asarray(np.maximum(0.0, 1 - np.abs(places[:, None] - np.arange(small))), dtype=np.float64)


def seen_part(target: Mapping[str, Any], height: int, width: int) -> tuple[slice, slice]:
    """The rows and columns of a film [height, width] that a target model sees, by the run's [target] table.

    A film is scaled so that its shorter side is `preprocessing.size`, and the square `preprocessing.crop` is cut from
    its centre. torchxrayvision cuts the largest square. Any other model is taken to see the whole film.
    """
    table = target.get("preprocessing")
    if target.get("kind") == "torchxrayvision":
        share = 1.0
    elif isinstance(table, Mapping) and table.get("size") and table.get("crop"):
        share = float(table["crop"]) / float(table["size"])
    else:
        return slice(0, height), slice(0, width)
    side = max(1, round(min(height, width) * share))
    top, left = round((height - side) / 2), round((width - side) / 2)
    return slice(top, top + side), slice(left, left + side)


def strongest(
    values: NDArray[np.floating[Any]], height: int, width: int, part: tuple[slice, slice] | None = None
) -> Mask:
    """The strongest decile of a map [h, w] laid over a part of a film, by default the whole: [height, width].

    It is a decile of the part's cells, and cells equal to the weakest of them belong to it too. Nothing stands out on a
    map of one value, nor where a value is no number: then the mask is empty.
    """
    rows, columns = part or (slice(0, height), slice(0, width))
    mask = np.zeros((height, width), dtype=np.bool_)
    if not np.isfinite(values).all() or values.max() <= values.min():
        return mask
    over = upsampled(values, rows.stop - rows.start, columns.stop - columns.start)
    count = max(1, round(STRONGEST * over.size))
    cut = np.partition(over, -count, axis=None)[-count]
    mask[rows, columns] = over >= cut
    return mask


def outlined(
    boxes: Sequence[Box], polygons: Sequence[Polygon], film: tuple[int, int], height: int, width: int
) -> dict[str, Mask]:
    """The cells [height, width] whose centres lie inside a label's outlines, for each label.

    Outlines are in pixels of `film` (height, width). Polygons take the place of boxes where there are any.
    """
    y: NDArray[np.float64] = (np.arange(height, dtype=np.float64) + 0.5) * (film[0] / height)
    x: NDArray[np.float64] = (np.arange(width, dtype=np.float64) + 0.5) * (film[1] / width)
    found: dict[str, Mask] = {}
    for polygon in polygons:
        _add(found, polygon.label, _inside(polygon.points, x, y))
    for box in () if polygons else boxes:
        down = (y >= box.y) & (y < box.y + box.height)
        across = (x >= box.x) & (x < box.x + box.width)
        _add(found, box.label, down[:, None] & across)
    return found


def _add(found: dict[str, Mask], label: str, mask: Mask) -> None:
    found[label] = found[label] | mask if label in found else mask


def _inside(points: Iterable[tuple[float, float]], x: NDArray[np.float64], y: NDArray[np.float64]) -> Mask:
    """The places [y, x] inside a closed line, by the even-odd rule."""
    corners = np.array([point for point in points if np.isfinite(point).all()], dtype=np.float64).reshape(-1, 2)
    inside = np.zeros((len(y), len(x)), dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (ay > y) != (by > y)
        if ay != by:
            inside ^= crosses[:, None] & (x < (ax + (y - ay) * ((bx - ax) / (by - ay)))[:, None])
    return inside


def shares_inside(mask: Mask, outlines: Mapping[str, Mask]) -> dict[str, float]:
    """The share of a mask's cells that lie inside each label's outlines, the largest first; {} for an empty mask."""
    count = np.count_nonzero(mask)
    shares = {label: float(np.count_nonzero(mask & inside) / count) for label, inside in outlines.items() if count}
    return dict(sorted(shares.items(), key=lambda each: -each[1]))


_ACROSS, _DOWN = ("left", "centre", "right"), ("upper", "middle", "lower")
_WORTH_NAMING = 0.2


def places(mask: Mask) -> tuple[str, ...]:
    """Which ninths of the film hold at least a fifth of a mask's cells [h, w], the fullest first, named as the film
    hangs, such as "upper left"; () for an empty mask."""
    rows, columns = np.nonzero(mask)
    ninths = 3 * (3 * rows // mask.shape[0]) + 3 * columns // mask.shape[1]
    shares = np.bincount(ninths, minlength=9) / max(1, len(rows))
    order = [ninth for ninth in np.argsort(-shares, kind="stable").tolist() if shares[ninth] >= _WORTH_NAMING]
    names = (f"{_DOWN[ninth // 3]} {_ACROSS[ninth % 3]}" for ninth in order)
    return tuple("centre" if name == "middle centre" else name for name in names)
