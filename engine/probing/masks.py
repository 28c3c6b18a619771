"""The outline of a mask, as one polygon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = tuple[tuple[float, float], ...]
MOST_CORNERS = 1 << 19
"""The most corners of an outline. Noise of 16 million pixels would have so many that they take gigabytes."""
_AROUND = [(0, 0), (0, 1), (1, 0), (1, 1)]


def outline(mask: NDArray[np.bool_], left: float = 0, top: float = 0) -> Points:
    """The corners (x, y) of the one polygon whose inside, by the even–odd rule, is the mask [h, w]; () if it is empty.

    Its edges are those of pixels, so nothing is lost. Parts and holes follow one another, joined by lines that are
    passed in both directions, which does not change what is inside. `left` and `top` place the mask on a film.
    Raises ValueError for more than MOST_CORNERS corners.
    """
    corners = _corners(mask)
    if len(corners) > MOST_CORNERS:
        raise ValueError(f"its outline has more than {MOST_CORNERS:,} corners")
    if not len(corners):
        return ()
    path: list[tuple[int, int]] = []
    way: list[tuple[int, int]] = []
    for loop in _loops(corners):
        start = loop[0]
        if way:
            way.append((start[0], way[-1][1]))  # only along rows and columns, so that both directions agree exactly
            path.append(way[-1])
        way.append(start)
        path += [*loop, start]
    return tuple((float(x + left), float(y + top)) for y, x in (*path, *way[-2:0:-1]))


def _corners(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The corners (y, x) of the mask's border, row by row. One where two pixels touch only there counts twice."""
    padded = np.pad(mask, 1)
    height, width = padded.shape
    upper_left, upper_right, lower_left, lower_right = (
        padded[down : height - 1 + down, across : width - 1 + across] for down, across in _AROUND
    )
    turned = (upper_left != upper_right) | (lower_left != lower_right)
    corner = turned & ((upper_left != lower_left) | (upper_right != lower_right))
    found = np.argwhere(corner)
    crossing = (upper_left == lower_right)[corner] & (upper_right == lower_left)[corner]
    return np.repeat(found, 1 + crossing, axis=0)


def _loops(corners: NDArray[np.int64]) -> list[list[tuple[int, int]]]:
    """The closed lines through the corners. Along each row, and each column, the first corner is joined to the second,
    the third to the fourth, and so on."""
    pairs = np.arange(len(corners)) ^ 1
    by_column = np.lexsort((corners[:, 0], corners[:, 1]))
    partner = np.empty(len(corners), np.int64)
    partner[by_column] = by_column[pairs]
    along = (pairs.tolist(), partner.tolist())
    points = [(int(y), int(x)) for y, x in corners]
    loops, seen = [], [False] * len(points)
    for first in range(len(points)):
        if seen[first]:
            continue
        loop, place, turn = [], first, 0
        while not seen[place]:
            seen[place] = True
            loop.append(points[place])
            place = along[turn][place]
            turn = 1 - turn
        loops.append(loop)
    return loops
