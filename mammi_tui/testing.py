"""Checks that an image backend keeps the promises of its protocol. engine.testing checks the engine's protocols.

from mammi_tui.testing import check_image_backend

def test_my_backend():
    check_image_backend(MyBackend())
"""

from __future__ import annotations

import numpy as np
from textual.strip import Strip

from engine.testing.promises import expect, films, from_threads
from mammi_tui.images.base import PLAIN, Grey, ImageBackend, place

AREAS = ((24, 10), (7, 9), (1, 1), (40, 2))
"""Columns and rows"""


def check_image_backend(backend: ImageBackend) -> None:
    """Checks an image backend. Raises AssertionError with the promise that it breaks."""
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
