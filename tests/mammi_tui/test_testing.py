"""check_image_backend passes our own backends, and fails each broken promise by its own sentence."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.base import Grey, ImageBackend
from mammi_tui.images.halfblock import HalfBlockBackend
from mammi_tui.images.kitty import KittyBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.images.picture import Picture
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.images.sixel import SixelBackend
from mammi_tui.terminal.pictures import Sharp
from mammi_tui.testing import check_image_backend


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend",
    [
        QuadrantBackend(Shades.true_colour()),
        QuadrantBackend(Shades.ramp()),
        HalfBlockBackend(Shades.true_colour()),
        HalfBlockBackend(Shades.ramp()),
        AsciiBackend(),
        OffBackend(),
        KittyBackend(AsciiBackend()),
        SixelBackend(AsciiBackend(), cell=(8, 16), registers=16),
    ],
    ids=lambda backend: backend.name,
)
def test_our_own_backends(backend: ImageBackend) -> None:
    check_image_backend(backend)


class Stretches(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        return super().render(np.asarray(np.resize(grey, (2 * rows, columns))), columns, rows)


class AddsARow(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        return super().render(grey, columns, rows + 1)


class IsTooWide(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        return [Strip([*strip, Segment("|")]) for strip in super().render(grey, columns, rows)]


class ReturnsLines(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> Any:
        return "\n".join(strip.text for strip in super().render(grey, columns, rows))


class Flickers(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        noise = random.randbytes(grey.size)
        return super().render(np.frombuffer(noise, np.uint8).reshape(grey.shape), columns, rows)


class ChangesTheFilm(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        grey //= 2
        return super().render(grey, columns, rows)


class SeesNothing(AsciiBackend):
    def render(self, grey: Grey, columns: int, rows: int) -> list[Strip]:
        return super().render(np.zeros_like(grey), columns, rows)


class Kitty(KittyBackend):
    def __init__(self) -> None:
        super().__init__(AsciiBackend())


class ForgetsTheTint(Kitty):
    def sharpen(self, picture: Picture, columns: int, rows: int) -> Sharp:
        return super().sharpen(replace(picture, tint=None), columns, rows)


class FillsTheArea(Kitty):
    def sharpen(self, picture: Picture, columns: int, rows: int) -> Sharp:
        return replace(super().sharpen(picture, columns, rows), region=Region(0, 0, columns, rows))


class NamesNothing(Kitty):
    def sharpen(self, picture: Picture, columns: int, rows: int) -> Sharp:
        return replace(super().sharpen(picture, columns, rows), key=b"")


class NeverForgets(Kitty):
    def __init__(self) -> None:
        super().__init__()
        self.pictures.forget = lambda: None  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        (type("B", (AsciiBackend,), {"name": None})(), "name must be a text that is not empty, not None"),
        (type("B", (AsciiBackend,), {"cell_pixels": (1, 0)})(), "cell_pixels must be two numbers above 0"),
        (type("B", (AsciiBackend,), {"cell_pixels": 2})(), "cell_pixels must be two numbers above 0"),
        (Stretches(), "render must keep the aspect ratio of a film of 240 × 300 pixels"),
        (AddsARow(), "render must return 10 strips for 10 rows, not 11"),
        (IsTooWide(), "each strip must have 24 cells for 24 columns, not 25"),
        (ReturnsLines(), "render must return a list of strips, not a str"),
        (Flickers(), "render must draw a film the same each time, also for several threads at once"),
        (ChangesTheFilm(), "render must not change the film that it is given"),
        (SeesNothing(), "render must draw the film"),
        (ForgetsTheTint(), "sharpen must draw the tint"),
        (FillsTheArea(), "sharpen must fill the cells that place gives to the film"),
        (NamesNothing(), "sharpen must draw the film"),
        (NeverForgets(), "after forget a picture must be sent again"),
    ],
)
def test_a_broken_promise_is_named(backend: ImageBackend, sentence: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_image_backend(backend)
    assert str(raised.value).startswith(sentence)
