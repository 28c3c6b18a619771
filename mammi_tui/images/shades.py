"""Grey levels as terminal styles: any grey in true colour, exact grey-ramp entries in 256 colours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from mammi_tui.images.base import Grey

# Entries of xterm's 256-colour palette (black, the 24 greys of the ramp, white), and the grey of each.
RAMP_ENTRIES = (16, *range(232, 256), 231)
RAMP_GREYS = np.array([0, *range(8, 239, 10), 255])

# True colour has 128 greys here: no eye sees a step of 2 in 255, and more neighbouring cells become equal.
_TRUE_STEP = 2


class Shades:
    """The greys that a terminal can show, and the style of a cell of two greys. Safe to use from several threads."""

    def __init__(self, levels: Grey, colours: list[Color]) -> None:
        """`levels` [256]: the index into `colours` of the nearest colour to each grey."""
        self.levels = levels
        self._colours = colours
        self._styles: dict[int, Style] = {}

    @classmethod
    def true_colour(cls) -> Shades:
        greys = range(_TRUE_STEP // 2, 256, _TRUE_STEP)
        return cls(
            (np.arange(256) // _TRUE_STEP).astype(np.uint8), [Color.from_rgb(grey, grey, grey) for grey in greys]
        )

    @classmethod
    def ramp(cls) -> Shades:
        """26 greys, each an exact entry of the 256-colour palette.

        Each colour has its palette number and its triplet. The number goes to the terminal; Textual's filters look at
        the triplet and leave the colour as it is.
        """
        levels = np.abs(np.arange(256)[:, None] - RAMP_GREYS[None, :]).argmin(axis=1).astype(np.uint8)
        return cls(
            levels,
            [
                Color(f"color({entry})", ColorType.EIGHT_BIT, entry, ColorTriplet(grey, grey, grey))
                for entry, grey in zip(RAMP_ENTRIES, RAMP_GREYS.tolist(), strict=True)
            ],
        )

    def lines(self, text: str, foreground: Grey, background: Grey) -> list[list[Segment]]:
        """One line of segments for each row of levels [rows, columns]; `text` is its characters, row after row.

        Neighbouring cells of one style share a segment. A cell of two equal levels is blank and gets a background only.
        """
        rows, columns = foreground.shape
        pair = foreground.astype(np.int32) << 8 | background
        starts_run = np.ones((rows, columns), dtype=np.bool_)
        starts_run[:, 1:] = pair[:, 1:] != pair[:, :-1]
        starts = np.flatnonzero(starts_run)
        starts_of_row = np.searchsorted(starts, np.arange(0, (rows + 1) * columns, columns)).tolist()
        begins = starts.tolist()
        pairs = pair.ravel()[starts].tolist()
        segments = [
            Segment(text[begin:end], self._styles.get(key) or self._style(key))
            for begin, end, key in zip(begins, [*begins[1:], rows * columns], pairs, strict=True)
        ]
        return [segments[first:last] for first, last in pairwise(starts_of_row)]

    def _style(self, pair: int) -> Style:
        foreground, background = pair >> 8, pair & 0xFF
        colour = None if foreground == background else self._colours[foreground]
        return self._styles.setdefault(pair, Style.from_color(colour, self._colours[background]))
