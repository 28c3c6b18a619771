"""A density ramp of plain characters: works without colour and without UTF-8."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from mammi_tui.images.base import PLAIN, Grey, letterbox, place, resample

# From black to white on a dark background, by the ink of each character.
RAMP = " .,:;-=+ox*X%#@"
_CODES = np.array([ord(character) for character in RAMP], dtype=np.uint8)
_LEVELS = (np.arange(256) * len(RAMP) // 256).astype(np.uint8)


class AsciiBackend:
    """One plain character in a cell."""

    name = "ascii"
    cell_pixels = (1, 1)

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        placement = place(grey, columns, rows)
        codes = _CODES[_LEVELS[resample(grey, placement.columns, placement.rows)]]
        lines = [[Segment(row.tobytes().decode("ascii"), PLAIN)] for row in codes]
        return letterbox(lines, placement, columns, rows)
