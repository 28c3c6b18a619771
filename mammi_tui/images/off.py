"""No pictures: a line of text in place of a film, for the slowest connections."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from mammi_tui.images.base import PLAIN, Grey


class OffBackend:
    """Writes that images are off."""

    name = "off"
    cell_pixels = (0, 0)

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:  # noqa: ARG002
        texts = ["(images are off)", *[""] * (rows - 1)][:rows]
        return [Strip([Segment(text[:columns].ljust(columns), PLAIN)], columns) for text in texts]
