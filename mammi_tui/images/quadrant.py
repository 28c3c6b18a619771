"""Quadrant blocks: four pixels in a cell, drawn with two greys and the glyph that has the least error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from textual.strip import Strip

from mammi_tui.images.base import Grey, letterbox, place, resample
from mammi_tui.images.shades import Shades

# The filled quadrants of a glyph are the bits of its index: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
GLYPHS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_CODE_POINTS = np.array([ord(glyph) for glyph in GLYPHS], dtype="<u4")

# A split of the four pixels and its inverse draw the same cell, so 8 of the 16 splits suffice.
_SPLITS = 8
_FILLED = np.array([[split >> quadrant & 1 for split in range(_SPLITS)] for quadrant in range(4)], dtype=np.float32)
_FILLED_COUNT = np.maximum(_FILLED.sum(axis=0), 1)
_EMPTY_COUNT = 4 - _FILLED.sum(axis=0)


def split_cells(pixels: NDArray[np.float32]) -> tuple[NDArray[np.intp], Grey, Grey]:
    """Glyph index, foreground grey and background grey [cells] with the least squared error for `pixels` [cells, 4].

    The error of a split is Σx² − S_f²/n_f − S_b²/n_b, where S and n are the sum and the number of pixels on each side,
    so the best split has the largest S_f²/n_f + S_b²/n_b. Ties go to the first split, so a flat cell is blank.
    """
    filled = pixels @ _FILLED
    empty = pixels.sum(axis=1, keepdims=True) - filled
    glyph = (filled * filled / _FILLED_COUNT + empty * empty / _EMPTY_COUNT).argmax(axis=1)
    cell = np.arange(len(pixels))
    foreground = filled[cell, glyph] / _FILLED_COUNT[glyph] + 0.5
    background = empty[cell, glyph] / _EMPTY_COUNT[glyph] + 0.5
    return glyph, foreground.astype(np.uint8), background.astype(np.uint8)


class QuadrantBackend:
    """The default: the sharpest picture that plain cells give."""

    name = "quadrant"
    cell_pixels = (2, 2)

    def __init__(self, shades: Shades) -> None:
        self._shades = shades

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        placement = place(grey, columns, rows)
        shape = placement.rows, placement.columns
        pixels = resample(grey, 2 * placement.columns, 2 * placement.rows)
        cells = pixels.reshape(shape[0], 2, shape[1], 2).transpose(0, 2, 1, 3).reshape(-1, 4)
        glyph, foreground, background = split_cells(cells.astype(np.float32))
        foreground, background = self._shades.levels[foreground], self._shades.levels[background]
        flat = (glyph == 0) | (foreground == background)
        text = _CODE_POINTS[np.where(flat, 0, glyph)].tobytes().decode("utf-32-le")
        foreground = np.where(flat, background, foreground)
        lines = self._shades.lines(text, foreground.reshape(shape), background.reshape(shape))
        return letterbox(lines, placement, columns, rows)
