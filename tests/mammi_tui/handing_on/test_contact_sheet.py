"""The contact sheet."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mammi_tui.handing_on import lettering
from mammi_tui.handing_on.card import Film
from mammi_tui.handing_on.contact_sheet import MARGIN, MOST_FILMS, WIDTH, contact_sheet
from mammi_tui.handing_on.lettering import Lettering
from tests.support.hostile import TEXTS
from tests.support.reports import card, film, picture

HEADING = ("demo.duckdb · α 0.93, β 0.95", "run 4c17")


def sheet(made: bytes) -> np.ndarray:
    opened = Image.open(io.BytesIO(made))
    assert opened.format == "PNG"
    return np.asarray(opened.convert("RGB"))


def test_films_stand_in_rank_order_from_left_to_right() -> None:
    films = [film("x", rank, picture(grey)) for rank, grey in ((1, 200), (2, 60))]
    pixels = sheet(contact_sheet(card("x", films=[_without_shapes(each) for each in films]), HEADING))
    assert pixels.shape[1] == WIDTH
    first, second = (np.argwhere((pixels == grey).all(axis=2)) for grey in (200, 60))
    assert first[:, 1].min() == MARGIN
    assert second[:, 1].min() > first[:, 1].max()
    assert first[:, 0].min() == second[:, 0].min()


def _without_shapes(one: Film) -> Film:
    return replace(one, findings=[])


def test_outlines_are_drawn_over_the_film() -> None:
    with_shapes = sheet(contact_sheet(card("x", films=[film("x")]), HEADING))
    without = sheet(contact_sheet(card("x", films=[_without_shapes(film("x"))]), HEADING))
    drawn = np.argwhere((with_shapes != without).any(axis=2))
    grey = np.argwhere((without == 90).all(axis=2))
    (top, left), (_, right) = grey.min(axis=0), grey.max(axis=0)
    inside = drawn[(drawn[:, 0] > top + 20)]
    assert inside[:, 1].min() == pytest.approx(left + (right - left) / 4, abs=3)
    assert inside[:, 1].max() == pytest.approx(left + 3 * (right - left) / 4, abs=3)


def test_many_films_are_cut_short_and_a_damaged_one_is_told() -> None:
    films = [film("x", rank, b"broken" if rank == 2 else None) for rank in range(1, MOST_FILMS + 9)]
    many = sheet(contact_sheet(card("x", films=films, images=500), HEADING))
    few = sheet(contact_sheet(card("x", films=films[:6], images=500), HEADING))
    assert many.shape[0] < few.shape[0] * 10
    assert contact_sheet(card("x", films=films[:MOST_FILMS]), HEADING)


def test_a_neuron_without_films_and_words_has_a_sheet() -> None:
    made = contact_sheet(card("x", dead=True, words=[], films=[], said=[], settled=None), HEADING)
    assert sheet(made).shape[0] < 400


def test_any_text_can_be_drawn() -> None:
    texts = list(TEXTS.values())
    for start in range(0, len(texts), 20):
        some = texts[start : start + 20]
        assert sheet(contact_sheet(card("".join(some)[:4000]), (some[0], some[1]))).shape[1] == WIDTH


@pytest.mark.parametrize("fonts", [lettering._FONTS, ()], ids=["a system's", "Pillow's own"])
def test_a_font_without_greek_spells_it_out(fonts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_FONTS", fonts)
    lettering._font.cache_clear()
    try:
        written = Lettering(14, (0, 0, 0)).written("α 0.93 ✓\x1b")
        assert written in ("α 0.93 ✓␛", "alpha 0.93 v^[", "α 0.93 v^[", "α 0.93 ✓^[")
        if not fonts:
            assert written == "alpha 0.93 v^["
    finally:
        lettering._font.cache_clear()


def test_text_is_wrapped_and_cut_to_its_width() -> None:
    letters = Lettering(14, (0, 0, 0))
    lines = list(letters.wrapped("one two three four five six seven eight nine ten", 60, 3))
    assert len(lines) == 3
    assert lines[-1].endswith(("…", "..."))
    assert all(letters._font.getlength(line) <= 60 for line in lines)
    (line,) = letters.wrapped("unbreakable" * 20, 60, 2)
    assert line.endswith(("…", "..."))


def test_films_that_are_not_the_strongest_are_said_to_be_others_above_them() -> None:
    usual = sheet(contact_sheet(card("x", films=[_without_shapes(film("x"))]), HEADING))
    said = "9th decile: activation 0.5 to 1.7 · 48 of 120"
    others = sheet(contact_sheet(replace(card("x", films=[_without_shapes(film("x"))]), shown=said), HEADING))
    top = [int(np.argwhere((pixels == 90).all(axis=2))[:, 0].min()) for pixels in (usual, others)]
    assert top[1] > top[0], "a line more stands above the films"
