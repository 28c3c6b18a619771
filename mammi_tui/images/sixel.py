"""Pictures as sixels. mammi_tui/terminal/sixel_pictures.py sends and places them."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from mammi_tui.images.base import ImageBackend
from mammi_tui.images.picture import Picture
from mammi_tui.images.pixels import pixels
from mammi_tui.images.sharp import CellsBeneath, area_of
from mammi_tui.images.sixels import BAND, encode, for_tmux
from mammi_tui.terminal.pictures import FAR, NEAR, Allowance, Sharp
from mammi_tui.terminal.sixel_pictures import SixelPictures

_LARGEST, _LARGEST_ALONE = 4000, 1000
"""Pixels of a picture's width and height at most; a larger film is drawn with cells. Those of a terminal that keeps few
pictures are what xterm takes"""


class SixelBackend(CellsBeneath):
    """For terminals that say in their device attributes that they have sixels."""

    name = "sixel"

    def __init__(
        self,
        cells: ImageBackend,
        *,
        cell: tuple[int, int],
        registers: int = 256,
        in_grids: bool = True,
        in_tmux: bool = False,
        far: bool = False,
    ) -> None:
        """`cells` draws films with cells. `cell` are the pixels of a cell, and `far` is over SSH.

        Not `in_grids` where the terminal keeps few pictures (xterm 16, tmux 20), or the connection is slow.
        """
        super().__init__(cells)
        self.in_grids = in_grids and not far
        self._largest = _LARGEST if in_grids else _LARGEST_ALONE
        self._registers, self._in_tmux = registers, in_tmux
        self.pictures = SixelPictures(cell=cell, allowance=Allowance(*(FAR if far else NEAR)))

    def sharpen(self, picture: Picture, columns: int, rows: int) -> Sharp:
        area, cell = area_of(picture.grey, columns, rows), self.pictures.cell
        width, height = area.width * cell[0], area.height * cell[1] // BAND * BAND
        if max(width, height) > self._largest or not height:
            return Sharp(area, "", b"", 0, cell)
        drawn = np.asarray(pixels(picture, width, height))
        data = encode(for_tmux(drawn, area.height * cell[1]) if self._in_tmux else drawn, self._registers)
        return Sharp(area, data, blake2b(data.encode(), digest_size=12).digest(), width * height, cell)
