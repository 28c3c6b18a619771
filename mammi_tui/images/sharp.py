"""The protocol of backends that have pictures beside cells.

They draw each film with cells too, by a backend of cells: a picture may be on its way, or have no place.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual.geometry import Region
from textual.strip import Strip

from mammi_tui.images.base import Grey, ImageBackend, place
from mammi_tui.images.picture import Picture
from mammi_tui.terminal.pictures import Pictures, Sharp


@runtime_checkable
class SharpBackend(ImageBackend, Protocol):
    """Safe to call from several threads."""

    in_grids: bool
    """Whether many pictures may be on screen at once"""
    pictures: Pictures
    """The terminal's side, which shows them"""

    def sharpen(self, picture: Picture, columns: int, rows: int) -> Sharp:
        """The picture, in the cells of this area that `place` gives to its film."""
        ...


class CellsBeneath:
    """What backends with pictures share: films drawn with cells by another backend."""

    def __init__(self, cells: ImageBackend) -> None:
        self._cells = cells
        self.cell_pixels = cells.cell_pixels

    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        return self._cells.render(grey, columns, rows)


def area_of(grey: Grey, columns: int, rows: int) -> Region:
    """The cells of an area that a film takes."""
    placement = place(grey, columns, rows)
    return Region(placement.left, placement.top, placement.columns, placement.rows)
