"""What each backend makes of a film."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.strip import Strip

from mammi_tui.images.ascii import RAMP, AsciiBackend
from mammi_tui.images.base import Grey, ImageBackend, coloured, place
from mammi_tui.images.halfblock import HalfBlockBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.images.quadrant import GLYPHS, QuadrantBackend, split_cells
from mammi_tui.images.shades import RAMP_ENTRIES, Shades

BACKENDS: list[ImageBackend] = [
    QuadrantBackend(Shades.true_colour()),
    QuadrantBackend(Shades.ramp()),
    HalfBlockBackend(Shades.true_colour()),
    HalfBlockBackend(Shades.ramp()),
    AsciiBackend(),
    OffBackend(),
]


def film(height: int = 64, width: int = 56) -> Grey:
    rows, columns = np.mgrid[0:height, 0:width]
    return (127 + 80 * np.sin(rows / 5) + 40 * np.cos(columns / 3)).astype(np.uint8)


def text(strips: list[Strip]) -> list[str]:
    return [strip.text for strip in strips]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
@given(height=st.integers(1, 90), width=st.integers(1, 90), columns=st.integers(1, 40), rows=st.integers(1, 20))
@settings(max_examples=30)
def test_every_film_fills_its_area_exactly(
    backend: ImageBackend, height: int, width: int, columns: int, rows: int
) -> None:
    strips = backend.render(film(height, width), columns, rows)
    assert len(strips) == rows
    for strip in strips:
        assert strip.cell_length == columns
        assert sum(segment.cell_length for segment in strip) == columns


@pytest.mark.parametrize("pattern", range(1, 15))
def test_a_cell_of_two_greys_gets_the_glyph_that_draws_it_exactly(pattern: int) -> None:
    pixels = np.array([[200 if pattern >> quadrant & 1 else 50 for quadrant in range(4)]], dtype=np.float32)
    glyph, foreground, background = split_cells(pixels)
    drawn = [foreground[0] if glyph[0] >> quadrant & 1 else background[0] for quadrant in range(4)]
    assert drawn == pixels[0].tolist()


@pytest.mark.parametrize(
    ("pixels", "glyph"),
    [([9, 9, 200, 200], "▀"), ([9, 200, 9, 200], "▌"), ([200, 9, 9, 9], "▘"), ([9, 9, 9, 200], "▛"), ([9] * 4, " ")],
)
def test_the_glyph_of_a_known_cell(pixels: list[int], glyph: str) -> None:
    found, _, _ = split_cells(np.array([pixels], dtype=np.float32))
    assert GLYPHS[found[0]] == glyph


@given(st.lists(st.integers(0, 255), min_size=4, max_size=4))
def test_no_other_split_is_closer(values: list[int]) -> None:
    pixels = np.array([values], dtype=np.float32)
    glyph, foreground, background = split_cells(pixels)

    def error(split: int, front: float, back: float) -> float:
        return sum((value - (front if split >> place & 1 else back)) ** 2 for place, value in enumerate(values))

    def means(split: int) -> tuple[float, float]:
        front = [value for place, value in enumerate(values) if split >> place & 1]
        back = [value for place, value in enumerate(values) if not split >> place & 1]
        return (float(np.mean(front)) if front else 0.0, float(np.mean(back)) if back else 0.0)

    best = min(error(split, *means(split)) for split in range(16))
    assert error(int(glyph[0]), *means(int(glyph[0]))) == pytest.approx(best, abs=0.5)
    assert error(int(glyph[0]), float(foreground[0]), float(background[0])) <= best + 4 * 0.25 + 1e-6


def test_a_film_keeps_its_aspect_ratio_and_the_rest_is_letterbox() -> None:
    placement = place(film(100, 50), 24, 12)
    assert (placement.columns, placement.rows) == (12, 12)
    strips = QuadrantBackend(Shades.true_colour()).render(np.full((100, 50), 200, np.uint8), 24, 12)
    for strip in strips:
        backgrounds = [segment.style.bgcolor for segment in strip for _ in segment.text]
        assert backgrounds[:6] == [None] * 6
        assert None not in backgrounds[6:18]
        assert backgrounds[18:] == [None] * 6


def test_in_256_colours_only_exact_greys_of_the_palette_are_sent() -> None:
    for backend in (QuadrantBackend(Shades.ramp()), HalfBlockBackend(Shades.ramp())):
        strips = backend.render(np.tile(np.arange(256, dtype=np.uint8), (64, 1)), 40, 20)
        colours = {c for strip in strips for segment in strip for c in (segment.style.color, segment.style.bgcolor)}
        sent = {code for colour in colours if colour for code in [colour.get_ansi_codes(foreground=True)]}
        assert sent <= {("38", "5", str(entry)) for entry in RAMP_ENTRIES}
        assert len(sent) > 20


def test_palette_greys_pass_through_textuals_filters_unchanged() -> None:
    from rich.color import ColorSystem
    from rich.terminal_theme import DEFAULT_TERMINAL_THEME
    from textual.color import Color
    from textual.filter import ANSIToTruecolor

    strips = QuadrantBackend(Shades.ramp()).render(film(), 24, 12)
    filtered = [strip.apply_filter(ANSIToTruecolor(DEFAULT_TERMINAL_THEME), Color(0, 0, 0)) for strip in strips]
    for before, after in zip(strips, filtered, strict=True):
        for old, new in zip(before, after, strict=True):
            for was, now in ((old.style.color, new.style.color), (old.style.bgcolor, new.style.bgcolor)):
                assert (was and was.downgrade(ColorSystem.EIGHT_BIT)) == (now and now.downgrade(ColorSystem.EIGHT_BIT))


def test_equal_neighbours_share_a_segment() -> None:
    for backend in BACKENDS[:4]:
        strips = backend.render(np.full((48, 48), 90, np.uint8), 24, 12)
        assert [len(list(strip)) for strip in strips] == [1] * 12
        assert text(strips) == [" " * 24] * 12


def test_ascii_has_no_colour_and_grows_denser_with_the_light() -> None:
    strips = AsciiBackend().render(np.tile(np.linspace(0, 255, 40).astype(np.uint8), (40, 1)), 40, 20)
    assert all(not segment.style for strip in strips for segment in strip)
    densities = [RAMP.index(character) for character in strips[0].text]
    assert densities == sorted(densities)
    assert densities[0] == 0
    assert densities[-1] == len(RAMP) - 1


def test_off_says_so_and_draws_nothing() -> None:
    assert text(OffBackend().render(film(), 20, 3)) == ["(images are off)    ", " " * 20, " " * 20]


def test_only_plain_cells_take_the_style_around_them() -> None:
    from rich.style import Style

    strip = QuadrantBackend(Shades.true_colour()).render(film(40, 10), 24, 4)[1]
    styled = coloured(strip, Style(bgcolor="red"))
    changed = [new.style != old.style for old, new in zip(strip, styled, strict=True)]
    assert changed == [True, *[False] * (len(changed) - 2), True]
