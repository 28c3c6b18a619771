"""A density ramp of plain characters: works without colour and without UTF-8."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from mammi_tui.images.base import PLAIN, Grey, letterbox, place, resample

# From black to white on a dark background, ordered by the ink of each character.
RAMP = " .,:;-=+ox*X%#@"
_CODES = np.array([ord(character) for character in RAMP], dtype=np.uint8)

# Percentage of the darkest cells, and of the brightest, that is cut off so that the rest uses the whole ramp.
_CUT = 1


class AsciiBackend:
    """One plain character in a cell."""

    name = "ascii"
    cell_pixels = (1, 1)

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        placement = place(grey, columns, rows)
        pixels = resample(grey, placement.columns, placement.rows).astype(np.float32)
        low, high = np.percentile(pixels, (_CUT, 100 - _CUT))
        levels = (pixels - low) * (len(RAMP) / max(high - low, 1))
        codes = _CODES[levels.clip(0, len(RAMP) - 1).astype(np.intp)]
        lines = [[Segment(row.tobytes().decode("ascii"), PLAIN)] for row in codes]
        return letterbox(lines, placement, columns, rows)
