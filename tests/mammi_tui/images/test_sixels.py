"""Sixels draw the pixels that they are made of."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammi_tui.images.sixels import BAND, GREYS, encode, for_tmux
from tests.support.pixel_terminal import PixelTerminal, psnr


def drawn(sequence: str, height: int, width: int) -> np.ndarray:
    """What a terminal shows of a sequence, [h, w, 3]. Raises AssertionError where a pixel is left out."""
    terminal = PixelTerminal(width, height + 1, (1, 1))
    terminal.feed(sequence)
    assert terminal.screen.drawn[:height].all()
    return terminal.screen.over[:height]


@given(
    st.integers(1, 3), st.integers(1, 40), st.sampled_from([2, 16, 64, 256]), st.booleans(), st.integers(0, 2**32 - 1)
)
@settings(max_examples=40, deadline=None)
def test_every_pixel_gets_the_nearest_grey(bands: int, width: int, registers: int, flat: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (1, 1) if flat else (bands * BAND, width)
    pixels = np.broadcast_to(rng.integers(0, 256, shape, dtype=np.uint8), (bands * BAND, width))
    shown = drawn(encode(np.array(pixels), registers), *pixels.shape)
    step = 255 / (min(GREYS, registers) - 1)
    assert (abs(shown.astype(float) - pixels[..., None]) <= step / 2 + 2.6).all()  # levels are whole percents


@pytest.mark.parametrize(("registers", "least"), [(64, 44.5), (16, 33.5)])
def test_how_near_a_film_of_all_greys_comes(registers: int, least: float) -> None:
    film = np.tile(np.arange(256, dtype=np.uint8), (12, 2))
    assert psnr(drawn(encode(film, registers), 12, 512)[..., 0], film) >= least


@pytest.mark.parametrize("registers", [16, 64, 256])
def test_colours_share_the_registers_with_greys(registers: int) -> None:
    film = np.repeat(np.tile(np.arange(240, dtype=np.uint8), (12, 1))[..., None], 3, axis=2)
    film[:, 100:] = film[:, 100:] // 2 + np.array([90, 40, 0], dtype=np.uint8)
    sequence = encode(film, registers)
    assert max(int(number) for number in re.findall(r"#(\d+)", sequence)) < registers
    assert psnr(drawn(sequence, 12, 240), film) > (25 if registers == 16 else 38)


def test_equal_pixels_take_few_bytes() -> None:
    assert len(encode(np.full((60, 800), 90, np.uint8))) < 1100  # most of it the palette
    assert len(encode(np.full((600, 800), 90, np.uint8))) < 2000


def test_what_would_be_left_transparent_is_refused() -> None:
    with pytest.raises(ValueError, match="a height of 20 pixels is no multiple of 6"):
        encode(np.zeros((20, 10), np.uint8))


@pytest.mark.parametrize(("rows", "height"), [(462, 465), (18, 20), (24, 24), (6, 11)])
def test_tmux_draws_the_rows_of_the_picture(rows: int, height: int) -> None:
    """It takes row `y * height // rows` of what it gets for row y, where there is one."""
    pixels = np.arange(rows)[:, None]
    given = for_tmux(pixels, height)
    taken = [y * height // rows for y in range(rows) if y * height // rows < rows]
    assert given.shape == pixels.shape
    np.testing.assert_array_equal(given[taken], pixels[: len(taken)])
    assert len(taken) > rows * rows // height - 1
