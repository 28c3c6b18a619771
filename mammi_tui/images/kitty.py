"""Pictures for kitty's graphics protocol, as PNG. mammi_tui/terminal/kitty_pictures.py sends and places them."""

from __future__ import annotations

import io
import os
from base64 import b64encode
from functools import partial
from hashlib import blake2b

from mammi_tui.images.base import ImageBackend
from mammi_tui.images.picture import Picture
from mammi_tui.images.pixels import Pixels, pixels
from mammi_tui.images.sharp import CellsBeneath, area_of
from mammi_tui.terminal.kitty_pictures import KittyPictures
from mammi_tui.terminal.pictures import FAR, NEAR, Allowance, Sharp
from mammi_tui.terminal.tmux import is_on_screen

_LONGEST = 1600
"""Pixels of a picture's longer side at most; the terminal enlarges it to its cells"""


class KittyBackend(CellsBeneath):
    """For kitty from 0.28 on and Ghostty, direct or through tmux with `allow-passthrough`."""

    name = "kitty"
    in_grids = True

    def __init__(
        self,
        cells: ImageBackend,
        *,
        cell: tuple[int, int] | None = None,
        in_tmux: bool = False,
        true_colour: bool = True,
        far: bool = False,
    ) -> None:
        """`cells` draws films with cells. `cell` are the pixels of a cell, where known, and `far` is over SSH.

        `true_colour`: whether colours of 24 bits reach the terminal as they are.
        """
        super().__init__(cells)
        allowance = Allowance(*(FAR if far else NEAR))
        self.pictures = KittyPictures(
            in_tmux=in_tmux,
            true_colour=true_colour,
            cell=cell or (10, 20),
            allowance=allowance,
            is_on_screen=partial(is_on_screen, os.environ if in_tmux else {}),
        )

    def sharpen(self, picture: Picture, columns: int, rows: int) -> Sharp:
        area, cell = area_of(picture.grey, columns, rows), self.pictures.cell
        size = area.width * cell[0], area.height * cell[1]
        smaller = min(1, _LONGEST / max(size))
        width, height = (max(1, round(side * smaller)) for side in size)
        data = b64encode(_png(pixels(picture, width, height)))
        key = blake2b(data + bytes(area.size), digest_size=12).digest()
        return Sharp(area, data.decode("ascii"), key, width * height, cell)


def _png(drawn: Pixels) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
