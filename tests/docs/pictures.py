"""The pictures of the documents: `python -m tests.docs.pictures RUN.duckdb`, on the demo's run file.

The explorer is drawn cell by cell, in the font DejaVu Sans Mono; the report by Chromium.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

os.environ |= {"TEXTUAL_COLOR_SYSTEM": "truecolor", "MAMMI_READER": "reader"}

from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from engine.store.reader import RunReader
from mammi_tui.app import ExplorerApp
from mammi_tui.images.choose import choose_backend
from mammi_tui.questions.start import Start
from mammi_tui.verdicts.log import log_of
from tests.docs.report_picture import report_picture
from tests.shared import ROOT

COLUMNS, ROWS = 150, 40
CELL = (10, 20)
"""Pixels"""
WRONG = ("f", "a", "l", "s", "e", "space", "p", "o", "s", "i", "t", "i", "v", "e", "space", *"pneumonia")
PICTURES: dict[str, tuple[tuple[str, int], Sequence[str]]] = {
    "explorer.png": (("classifier", 10), ()),
    "evidence.png": (("classifier", 10), ("e",)),
    "film.png": (("classifier", 6), ("F", *WRONG, "enter", "j", "enter", "h")),
    "class.png": (("classifier", 6), ("C", "s", "f")),
}
"""File name -> the neuron to start at, and the keys to press"""
QUADRANTS = {"▘": 1, "▝": 2, "▀": 3, "▖": 4, "▌": 5, "▞": 6, "▛": 7, "▗": 8, "▚": 9, "▐": 10, "▜": 11, "▄": 12}
QUADRANTS |= {"▙": 13, "▟": 14, "█": 15}
"""Block character -> its filled quarters: 1 upper left, 2 upper right, 4 lower left, 8 lower right"""


async def screen(run: Path, start: tuple[str, int], keys: Sequence[str]) -> list[Strip]:
    """The explorer's lines at rest, after some keys."""
    with RunReader(run) as reader:
        log = log_of(reader)
        app = ExplorerApp(reader, Start(start, reader.info.cuts), choose_backend("quadrant", os.environ), log)
        async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.3)
            while not (app.explorer.desk.at_rest and all(app.explorer.looking.rows.evidence)):
                await pilot.pause(0.1)
            await pilot.pause(0.5)
            return app.screen._compositor.render_strips()


def draw(strips: Iterable[Strip]) -> Image.Image:
    """The lines as a picture."""
    fonts = [ImageFont.truetype(f"DejaVuSansMono{kind}.ttf", 16) for kind in ("", "-Bold")]
    picture = Image.new("RGB", (COLUMNS * CELL[0], ROWS * CELL[1]))
    canvas = ImageDraw.Draw(picture)
    for row, strip in enumerate(strips):
        column = 0
        for segment in strip:
            foreground, background, bold = _style(segment)
            for character in segment.text:
                x, y, width = column * CELL[0], row * CELL[1], cell_len(character)
                canvas.rectangle((x, y, x + width * CELL[0] - 1, y + CELL[1] - 1), fill=background)
                if character in QUADRANTS:
                    _draw_block(canvas, x, y, QUADRANTS[character], foreground)
                elif character.strip():
                    canvas.text((x, y), character, fill=foreground, font=fonts[bold])
                column += width
    return picture


def _style(segment: Segment) -> tuple[tuple[int, int, int], tuple[int, int, int], bool]:
    """Foreground, background, and whether the text is bold."""
    style = segment.style
    assert style is not None
    colours = [
        tuple(colour.get_truecolor()) if colour else default
        for colour, default in ((style.color, (220, 220, 220)), (style.bgcolor, (0, 0, 0)))
    ]
    if style.dim:
        colours[0] = tuple((front + back) // 2 for front, back in zip(*colours, strict=True))
    if style.reverse:
        colours.reverse()
    return colours[0], colours[1], bool(style.bold)


def _draw_block(canvas: ImageDraw.ImageDraw, x: int, y: int, quarters: int, colour: tuple[int, int, int]) -> None:
    width, height = CELL[0] // 2, CELL[1] // 2
    for bit, (right, lower) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        if quarters & 1 << bit:
            left, top = x + right * width, y + lower * height
            canvas.rectangle((left, top, left + width - 1, top + height - 1), fill=colour)


if __name__ == "__main__":
    for name, (start, keys) in PICTURES.items():
        draw(asyncio.run(screen(Path(sys.argv[1]), start, keys))).save(ROOT / "docs" / name, optimize=True)
    report_picture(Path(sys.argv[1])).quantize(256).save(ROOT / "docs" / "report.png", optimize=True)
