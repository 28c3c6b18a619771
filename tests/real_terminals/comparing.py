"""Whether a screenshot shows films as they are, and nothing else that it should not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.real_terminals.display import Shot

_SAME = 8
"""Levels by which a pixel of a letter may differ: kitty blends letters in another way where there are pictures"""
BAND = 6
"""Pixels of a sixel from top to bottom: a picture of sixels ends with a whole one"""
Cells = tuple[int, int, int, int]
"""Left, top, columns, rows"""


@dataclass(frozen=True)
class Laid:
    """A picture that the explorer has laid."""

    film: Path
    """Its film [h, w]; there is no such file where something else is drawn on it too"""
    cells: Cells
    seen: list[Cells]


def laid(folder: Path) -> tuple[tuple[int, int], list[Laid]]:
    """A cell's width and height in pixels, and the pictures on screen, as told by recorded.py."""
    file = folder / "laid.json"
    if not file.exists():
        return (0, 0), []
    told = json.loads(file.read_text())
    width, height = told["cell"]
    pictures = [
        Laid(folder / f"{one['film']}.npy", tuple(one["cells"]), [tuple(part) for part in one["seen"]])
        for one in told["laid"]
    ]
    return (width, height), pictures


def fidelity(shot: Shot, picture: Laid, cell: tuple[int, int], *, sixel: bool, tmux: bool) -> float | None:
    """The PSNR in dB of the film on screen against the film resampled to its cells; None where it is partly covered.

    tmux shows sixels without the last rows (mammi_tui/images/sixels.py): they are left out.
    """
    left, top, columns, rows = picture.cells
    if picture.seen != [picture.cells] or not picture.film.exists():
        return None
    width, height = columns * cell[0], rows * cell[1]
    if sixel:
        height = height // BAND * BAND
    film = Image.fromarray(np.load(picture.film)).resize((width, height), Image.Resampling.LANCZOS)
    if sixel and tmux:
        height = -(-height * height // (rows * cell[1]))
    shown = shot[top * cell[1] :, left * cell[0] :][:height, :width]
    expected = np.asarray(film)[: shown.shape[0], : shown.shape[1], None].astype(float)
    error = float(np.mean((shown - expected) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def remains(shot: Shot, cells_only: Shot, pictures: list[Laid], cell: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels [h, w] outside all pictures that differ from those of the explorer that draws with cells."""
    differs = np.asarray(np.abs(shot.astype(int) - cells_only).max(axis=2) > _SAME)
    for picture in pictures:
        for left, top, columns, rows in picture.seen:
            differs[top * cell[1] : (top + rows) * cell[1], left * cell[0] : (left + columns) * cell[0]] = False
    return differs
