"""Bars of figures that raise or lower something: to the right of an axis and to its left, on one scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LEAST = 5
"""Cells below which there is no bar"""


def signed_bar(value: float, lowest: float, highest: float, cells: int) -> str:
    """A bar of `value` in `cells` cells, in halves of a cell; `lowest` and `highest` are those of all bars beside it.

    The axis stands where both ends fit on one scale: at the left edge where nothing is below 0.
    """
    low, high = min(0.0, lowest), max(0.0, highest)
    if cells < LEAST or not high > low or value != value:
        return " " * max(0, cells)
    axis = "│" if low < 0 < high else ""
    room = cells - len(axis)
    left = min(room - 1, max(1, round(room * -low / (high - low)))) if axis else room if low < 0 else 0
    scale = max(high / (room - left) if room > left else 0.0, -low / left if left else 0.0)
    halves = round(2 * abs(value) / scale)
    whole, rest = divmod(min(halves, 2 * (room - left if value >= 0 else left)), 2)
    if value >= 0:
        return " " * left + axis + ("━" * whole + "╸" * rest).ljust(room - left)
    return ("╺" * rest + "━" * whole).rjust(left) + axis + " " * (room - left)


def extremes(values: NDArray[np.floating]) -> tuple[float, float]:
    """The lowest and the highest value, 0 without any."""
    return (float(np.nanmin(values)), float(np.nanmax(values))) if np.isfinite(values).any() else (0.0, 0.0)


def digits_of(lowest: float, highest: float) -> int:
    """The decimals that give the largest of some figures three significant digits, from 1 to 6."""
    largest = max(abs(lowest), abs(highest))
    return min(6, max(1, 2 - math.floor(math.log10(largest)))) if largest > 0 else 3


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign, `+0.120` or `−0.034`; without one where it rounds to 0; `–` for NaN."""
    if value != value:
        return "–"
    text = f"{abs(value):.{digits}f}"
    return text if float(text) == 0 else f"{'−' if value < 0 else '+'}{text}"
