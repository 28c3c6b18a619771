"""Half blocks: two pixels in a cell, each in a grey of its own."""

from __future__ import annotations

import numpy as np
from textual.strip import Strip

from mammi_tui.images.base import Grey, letterbox, place, resample
from mammi_tui.images.shades import Shades


class HalfBlockBackend:
    """For terminals whose font has no quadrant glyphs."""

    name = "halfblock"
    cell_pixels = (1, 2)

    def __init__(self, shades: Shades) -> None:
        self._shades = shades

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        placement = place(grey, columns, rows)
        levels = self._shades.levels[resample(grey, placement.columns, 2 * placement.rows)]
        upper, lower = levels[0::2], levels[1::2]
        text = "".join(np.where(upper == lower, " ", "▀").ravel().tolist())
        return letterbox(self._shades.lines(text, upper, lower), placement, columns, rows)
