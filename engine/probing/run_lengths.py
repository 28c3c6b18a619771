"""Masks that a table gives as run lengths.

Source: the code that comes with SIIM-ACR Pneumothorax (Kaggle, 2019). Numbers alternate: how many pixels to skip since
the end of the run before, and how many belong to the mask. Pixels are counted down each column, columns from the left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MASK_SIDE = 1024
"""Side, in pixels, of the films that SIIM-ACR Pneumothorax drew masks on"""


def mask_of(text: str, side: int) -> NDArray[np.bool_]:
    """The mask [side, side]. Raises ValueError for what is no list of run lengths within the film, or is empty."""
    numbers = [int(number) for number in text.split()]
    if (
        len(numbers) % 2
        or min(numbers, default=-1) < 0
        or not 0 < sum(numbers) <= side * side
        or not any(numbers[1::2])
    ):
        raise ValueError
    runs = np.repeat(np.arange(len(numbers)) % 2 == 1, numbers)
    return np.pad(runs, (0, side * side - len(runs))).reshape(side, side).T


def box_around(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """The box around a mask that is not empty: left, top, width, height."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
