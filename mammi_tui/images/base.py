"""The protocol of image backends, which draw a grey film as lines of terminal cells, and their shared functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Grey = NDArray[np.uint8]

PLAIN = Style()
"""The style of cells that take the colours of their background: letterboxes and text"""


class ImageBackend(Protocol):
    """Draws films with terminal cells. Safe to call from several threads."""

    name: str
    cell_pixels: tuple[int, int]
    """Pixels in one cell: columns, rows; (0, 0) for a backend that draws none"""

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        """The film `grey` [h, w] in `rows` strips of `columns` cells, letterboxed so that it keeps its aspect ratio."""
        ...


@dataclass(frozen=True, slots=True)
class Placement:
    """The position and size of a film in its area, in cells."""

    left: int
    top: int
    columns: int
    rows: int


def place(grey: Grey, columns: int, rows: int) -> Placement:
    """The largest whole-cell area with the film's aspect ratio, centred. A cell is twice as tall as wide."""
    height, width = grey.shape
    scale = min(columns / width, 2 * rows / height)
    used_columns = min(columns, max(1, round(width * scale)))
    used_rows = min(rows, max(1, round(height * scale / 2)))
    return Placement((columns - used_columns) // 2, (rows - used_rows) // 2, used_columns, used_rows)


def resample(grey: Grey, width: int, height: int) -> Grey:
    """The film [h, w] at `height` × `width` pixels, antialiased (Lanczos; axes may be scaled differently)."""
    from PIL import Image  # the explorer's first frame has no film

    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.LANCZOS))


def apart(grey: Grey) -> Grey:
    """The film with a black edge on the right, a twelfth of its width, so that it does not run into the next."""
    return np.pad(grey, ((0, 0), (0, -(-grey.shape[1] // 11))))


def coloured(strip: Strip, style: Style) -> Strip:
    """The strip with `style` in place of PLAIN."""
    return Strip([Segment(text, style if own is PLAIN else own) for text, own, _ in strip], strip.cell_length)


def letterbox(lines: list[list[Segment]], placement: Placement, columns: int, rows: int) -> list[Strip]:
    """`rows` strips of `columns` cells, with the film's lines of segments at `placement`."""
    left = [Segment(" " * placement.left, PLAIN)] if placement.left else []
    right_width = columns - placement.left - placement.columns
    right = [Segment(" " * right_width, PLAIN)] if right_width else []
    blank = Strip([Segment(" " * columns, PLAIN)], columns)
    below = rows - placement.top - placement.rows
    return [
        *[blank] * placement.top,
        *[Strip([*left, *line, *right], columns) for line in lines],
        *[blank] * below,
    ]
