"""What is drawn of a film: window, part, outlines, and a warm tint that leaves it readable."""

from __future__ import annotations

import numpy as np
import pytest
from rich.color import ColorType
from rich.style import Style
from textual.strip import Strip

from mammi_tui.findings import Contour, Outline
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.halfblock import HalfBlockBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.images.picture import WHOLE, Part, Picture, Window, warmed
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades
from mammi_tui.images.tint import MARK, drawn

RAMP = np.tile(np.arange(256, dtype=np.uint8), (64, 1))


def test_a_window_tells_the_greys_in_it_apart_and_no_others() -> None:
    shown = Window(level=100, width=50).of(RAMP)[0]
    assert shown[:75].max() == 0
    assert shown[125:].min() == 255
    assert shown[100] == 128
    assert (np.diff(shown.astype(int)) >= 0).all()
    np.testing.assert_array_equal(Window(level=100, width=50, inverted=True).of(RAMP)[0], 255 - shown)
    assert Window().of(RAMP) is RAMP


def test_the_automatic_window_is_that_of_all_but_the_outermost_greys() -> None:
    film = np.linspace(60, 160, 64 * 256).astype(np.uint8).reshape(64, 256)
    window = Window.auto(film)
    assert window.level == pytest.approx(110, abs=1)
    assert window.width == pytest.approx(98, abs=2)
    assert Window.auto(np.full((8, 8), 30, np.uint8)).width >= 8, "a blank film has a window too"


def test_a_window_moves_within_what_greys_there_are() -> None:
    assert Window().moved(level=-1000).level == 0
    assert Window().moved(width=-1000).width == 8
    assert Window(inverted=True).moved(level=5).inverted


def test_a_part_stays_within_the_film() -> None:
    assert Part.around(0.5, 0.5, 1) == WHOLE
    assert Part.around(0.0, 1.0, 4) == Part(0.0, 0.75, 0.25, 1.0)
    assert Part.around(0.5, 0.5, 2).within(0.5, 0.25) == (0.5, 0.0)
    assert Picture(RAMP, part=Part.around(1, 0, 2)).grey.shape == (32, 128)
    assert Picture(RAMP, part=Part.around(0.5, 0.5, 1e9)).grey.size >= 1


def test_outlines_move_with_the_part_and_boxes_outside_it_are_left_out() -> None:
    box, far = Outline("Mass", 0.5, 0.5, 0.75, 0.75), Outline("Nodule", 0.0, 0.0, 0.2, 0.2)
    line = Contour("Effusion", ((0.5, 0.5), (1.0, 1.0)))
    picture = Picture(RAMP, part=Part(0.5, 0.5, 1.0, 1.0), findings=(box, far, line))
    assert picture.outlines == (Outline("Mass", 0.0, 0.0, 0.5, 0.5), Contour("Effusion", ((0.0, 0.0), (1.0, 1.0))))
    assert Picture(RAMP, findings=(box, far)).outlines == (box, far)


def test_brighter_greys_stay_brighter_in_warm_colours() -> None:
    colours = warmed(np.arange(256, dtype=np.uint8)).astype(int)
    assert (np.diff(colours, axis=0) >= 0).all()
    assert (colours[:, 0] >= colours[:, 1]).all()
    assert (colours[:, 1] >= colours[:, 2]).all()


def left_half() -> np.ndarray:
    mask = np.zeros(RAMP.shape, bool)
    mask[:, :128] = True
    return mask


def cells(strips: list[Strip], row: int) -> list[tuple[str, Style]]:
    return [(character, style or Style()) for text, style, _ in strips[row] for character in text]


@pytest.mark.parametrize("backend", [QuadrantBackend(Shades.true_colour()), HalfBlockBackend(Shades.true_colour())])
def test_the_tint_takes_the_place_of_greys_and_of_nothing_else(backend: ImageBackend) -> None:
    plain = drawn(backend, Picture(RAMP), 40, 8, Style())
    tinted = drawn(backend, Picture(RAMP, tint=left_half()), 40, 8, Style())
    for (glyph, before), (same, after) in zip(cells(plain, 4), cells(tinted, 4), strict=True):
        assert glyph == same
        assert before.bgcolor is not None
        assert after.bgcolor is not None
        red, _, blue = after.bgcolor.get_truecolor()
        grey = before.bgcolor.get_truecolor().red
        assert (red, blue) == (grey, grey) or red > blue
    warm = [style.bgcolor.get_truecolor() for _, style in cells(tinted, 4) if style.bgcolor]
    assert sum(colour.red > colour.blue for colour in warm) == pytest.approx(20, abs=1)


def test_in_256_colours_the_tint_is_made_of_the_palettes_entries_and_brightness_rises() -> None:
    tinted = drawn(QuadrantBackend(Shades.ramp()), Picture(RAMP, tint=np.ones(RAMP.shape, bool)), 40, 8, Style())
    colours = [style.bgcolor for _, style in cells(tinted, 4) if style.bgcolor]
    assert {colour.type for colour in colours} == {ColorType.EIGHT_BIT}
    assert all(16 <= (colour.number or 0) < 232 for colour in colours)
    light = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in (colour.get_truecolor() for colour in colours)]
    assert light == sorted(light)
    assert len(set(light)) > 5


def test_without_colours_marks_stand_in_every_other_cell_and_with_no_films_words() -> None:
    plain = drawn(AsciiBackend(), Picture(RAMP), 40, 8, Style())
    marked = drawn(AsciiBackend(), Picture(RAMP, tint=left_half()), 40, 8, Style(bold=True))
    assert MARK not in "".join(strip.text for strip in plain)
    line = marked[4].text
    assert line[20:] == plain[4].text[20:]
    assert line[:20].count(MARK) == 10
    said = drawn(OffBackend(), Picture(RAMP, tint=left_half()), 40, 8, Style())
    assert len(said) == 8
    assert "The map is strongest upper left" in " ".join(strip.text for strip in said)
    assert all(strip.cell_length == 40 for strip in said)


def test_a_part_without_tint_is_drawn_as_it_is() -> None:
    mask = np.zeros(RAMP.shape, bool)
    mask[0, 0] = True
    assert Picture(RAMP, part=Part.around(1, 1, 2), tint=mask).warm is None
