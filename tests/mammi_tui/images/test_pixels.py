"""What is drawn into a picture's pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mammi_tui.findings import Contour, Outline
from mammi_tui.images.base import resample
from mammi_tui.images.picture import Part, Picture, Window, warmed
from mammi_tui.images.pixels import LINE, pixels

FILM = np.tile(np.arange(100, dtype=np.uint8), (80, 1))


def line_at(drawn: np.ndarray) -> np.ndarray:
    return (drawn == LINE).all(axis=2)


def test_a_film_alone_is_grey_and_at_its_own_size_as_it_is() -> None:
    assert np.array_equal(pixels(Picture(FILM), 100, 80), FILM)
    assert np.array_equal(pixels(Picture(FILM), 50, 40), resample(FILM, 50, 40))
    inverted = pixels(Picture(FILM, Window(inverted=True)), 100, 80)
    assert np.array_equal(inverted, 255 - FILM)


def test_the_tint_warms_its_pixels_only() -> None:
    tint = np.zeros(FILM.shape, bool)
    tint[:40] = True
    drawn = pixels(Picture(FILM, tint=tint), 100, 80)
    assert np.array_equal(drawn[:39], warmed(FILM[:39]))
    assert np.array_equal(drawn[41:], np.repeat(FILM[41:, :, None], 3, axis=2))


def test_a_box_stands_where_it_is_also_in_a_part_of_the_film() -> None:
    box = Outline("", 0.25, 0.25, 0.75, 0.75)
    whole = line_at(pixels(Picture(FILM, findings=(box,)), 200, 160))
    assert whole[39:42, 60].any()
    assert whole[100, 49:52].any()
    assert not whole[80, 100]
    part = line_at(pixels(Picture(FILM, part=Part(0.5, 0.5, 1, 1), findings=(box,)), 200, 160))
    assert part[79:82, 40].any()
    assert part[40, 98:102].any()
    assert not part[100:].any()


def test_outlines_far_outside_or_not_finite_do_no_harm() -> None:
    shapes = (
        Outline("far", -1e9, -1e9, 1e9, 1e9),
        Contour("odd", ((float("nan"), 0.5), (0.1, 0.1), (0.9, float("inf")), (0.9, 0.9))),
        Contour("one", ((0.5, 0.5),)),
        Contour("none", ()),
    )
    assert pixels(Picture(FILM, findings=shapes), 100, 80).shape == (80, 100, 3)


def test_a_label_stands_within_the_film_and_hostile_text_is_text() -> None:
    for label in ("Effusion", "\x1b[31m[bold]", "肺" * 200, "a\nb"):
        drawn = pixels(Picture(FILM, findings=(Outline(label, 0.0, 0.0, 1.0, 1.0),)), 200, 160)
        assert drawn.shape == (160, 200, 3)
    box = Outline("Effusion", 0.1, 0.6, 0.9, 0.9)
    named = pixels(Picture(FILM, findings=(box,)), 200, 160)
    bare = pixels(Picture(FILM, findings=(replace(box, label=""),)), 200, 160)
    rows = np.flatnonzero((named != bare).any(axis=(1, 2)))
    assert 0.4 * 160 < rows.min() < rows.max() < 0.6 * 160
