"""Checks that an image backend keeps the promises of its protocol. engine.testing checks the engine's protocols.

from mammi_tui.testing import check_image_backend

def test_my_backend():
    check_image_backend(MyBackend())
"""

from __future__ import annotations

import numpy as np
from textual.geometry import Region, Size
from textual.strip import Strip

from engine.testing.promises import expect, films, from_threads
from mammi_tui.findings import Outline
from mammi_tui.images.base import PLAIN, Grey, ImageBackend, place
from mammi_tui.images.picture import Picture, Window
from mammi_tui.images.sharp import SharpBackend, area_of
from mammi_tui.terminal.pictures import Sharp, Sight
from mammi_tui.terminal.sent_cells import SentCells

AREAS = ((24, 10), (7, 9), (1, 1), (40, 2))
"""Columns and rows"""


def check_image_backend(backend: ImageBackend) -> None:
    """Checks an image backend, also its pictures where it has any. Raises AssertionError with the promise it breaks."""
    _check_facts(backend)
    examples = [*films(), np.full((3, 200), 255, np.uint8), np.full((1, 1), 255, np.uint8)]
    asked = [(film, *area) for film in examples for area in AREAS]
    before = [film.copy() for film in examples]
    drawn = [backend.render(*one) for one in asked]
    for (film, columns, rows), strips in zip(asked, drawn, strict=True):
        _check_area(strips, columns, rows)
        if backend.cell_pixels != (0, 0):
            _check_letterbox(film, strips, columns, rows)
    unchanged = all(np.array_equal(film, copy) for film, copy in zip(examples, before, strict=True))
    expect(unchanged, "render must not change the film that it is given")
    for results in from_threads(lambda one: backend.render(*one), asked):
        expect(results == drawn, "render must draw a film the same each time, also for several threads at once")
    if backend.cell_pixels != (0, 0):
        half = np.zeros((64, 64), np.uint8)
        half[:, 32:] = 255
        turned = backend.render(half, 8, 4) != backend.render(half[:, ::-1].copy(), 8, 4)
        expect(turned, "render must draw the film: one bright on the left looks the same as one bright on the right")
    if isinstance(backend, SharpBackend):
        _check_pictures(backend, examples)


def _check_facts(backend: ImageBackend) -> None:
    name, cell = getattr(backend, "name", None), getattr(backend, "cell_pixels", None)
    expect(isinstance(name, str) and name, f"name must be a text that is not empty, not {name!r}")
    pair = isinstance(cell, tuple) and len(cell) == 2 and all(isinstance(side, int) for side in cell)
    valid = pair and isinstance(cell, tuple) and (min(cell) > 0 or cell == (0, 0))
    expect(valid, f"cell_pixels must be two numbers above 0, or (0, 0) where nothing is drawn, not {cell!r}")


def _check_area(strips: list[Strip], columns: int, rows: int) -> None:
    expect(isinstance(strips, list), f"render must return a list of strips, not a {type(strips).__name__}")
    expect(len(strips) == rows, f"render must return {rows} strips for {rows} rows, not {len(strips)}")
    for strip in strips:
        wide = sum(segment.cell_length for segment in strip)
        expect(wide == columns, f"each strip must have {columns} cells for {columns} columns, not {wide}")


def _check_letterbox(film: Grey, strips: list[Strip], columns: int, rows: int) -> None:
    """Checks that nothing is drawn outside the largest area of the film's aspect ratio."""
    placement = place(film, columns, rows)
    beside = [*strips[: placement.top], *strips[placement.top + placement.rows :]]
    for strip in strips[placement.top : placement.top + placement.rows]:
        beside += [strip.crop(0, placement.left), strip.crop(placement.left + placement.columns)]
    blank = all(not segment.text.strip() and segment.style in (None, PLAIN) for strip in beside for segment in strip)
    expect(blank, f"render must keep the aspect ratio of a film of {film.shape[1]} × {film.shape[0]} pixels")


def _check_pictures(backend: SharpBackend, examples: list[Grey]) -> None:
    """Checks what a backend promises whose films may be shown in pixels."""
    asked = [(Picture(film), *area) for film in examples for area in AREAS]
    before = [film.copy() for film in examples]
    made = [backend.sharpen(*one) for one in asked]
    for (picture, columns, rows), sharp in zip(asked, made, strict=True):
        area = area_of(picture.film, columns, rows)
        expect(sharp.region == area, f"sharpen must fill the cells that place gives to the film, not {sharp.region}")
        expect(sharp.cell == backend.pictures.cell, "sharpen must say for which size of a cell a picture is made")
        expect(sharp.data.isascii(), "the data of a picture must be plain ASCII")
        expect(not sharp.data or sharp.pixels > 0, "sharpen must say how many pixels a picture has")
    unchanged = all(np.array_equal(film, copy) for film, copy in zip(examples, before, strict=True))
    expect(unchanged, "sharpen must not change the film that it is given")
    for results in from_threads(lambda one: backend.sharpen(*one), asked):
        same = all(one.data == other.data and one.key == other.key for one, other in zip(results, made, strict=True))
        expect(same, "sharpen must make the same picture each time, also for several threads at once")
    _check_content(backend, examples[0])
    _check_laid(backend, next((sharp for sharp in made if sharp.data), None))


def _check_content(backend: SharpBackend, film: Grey) -> None:
    """Checks that all that a picture consists of is drawn."""
    outline = Outline("", 0.2, 0.2, 0.8, 0.8)
    others = {
        "the film": Picture(255 - film),
        "the window": Picture(film, Window(60, 40)),
        "the tint": Picture(film, tint=np.ones(film.shape, bool)),
        "the outlines": Picture(film, findings=(outline,)),
    }
    plain = backend.sharpen(Picture(film), 20, 10)
    for part, picture in others.items():
        sharp = backend.sharpen(picture, 20, 10)
        expect(sharp.data != plain.data and sharp.key != plain.key, f"sharpen must draw {part}")


def _check_laid(backend: SharpBackend, sharp: Sharp | None) -> None:
    """Checks the terminal's side: which cells a picture takes, and when it is sent."""
    if sharp is None:
        raise AssertionError("sharpen must make a picture of any size that is usual")
    pictures, sent = backend.pictures, SentCells()
    columns, rows = sharp.region.size
    sent.resize(Size(columns, rows + 1))
    region = Region(0, 0, columns, rows)
    sights = [Sight(region, sharp, (region,))]

    def shown() -> int:
        """Sends the picture where it is not there; returns how many characters that takes."""
        return len(pictures.lay(sights, sent)) + len(pictures.after(lambda _: False))

    expect(shown() >= len(sharp.data), "a picture that is seen must be sent")
    covered = {(x, y) for y, cells in pictures.over.items() for x in cells}
    expect(covered == {(x, y) for x in range(columns) for y in range(rows)}, "a picture must take all of its cells")
    expect(shown() == 0, "a picture that is still there must not be sent again")
    pictures.lay([], sent)
    expect(not pictures.over, "a picture that is gone must give its cells back")
    pictures.forget()
    expect(shown() >= len(sharp.data), "after forget a picture must be sent again")
    expect(pictures.farewell(), "farewell must end a picture that is half sent")
