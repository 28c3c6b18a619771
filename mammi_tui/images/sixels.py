"""Pixels as sixels: columns of six pixels, line by line and colour by colour, with runs of equal ones counted.

The format is DEC's (VT330/VT340 Programmer Reference Manual, volume 2, chapter 14). Everything is done on whole arrays,
as a film has some 100,000 runs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mammi_tui.images.pixels import Pixels

BAND = 6
"""Rows of pixels in one line of sixels"""
GREYS = 64
_BASE = ord("?")
"""The character of a sixel without any pixel"""
_SHORT = 3
"""Runs up to this length are written out, as a count takes no less"""

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Palette(NamedTuple):
    """Colours of a picture, in the order of the terminal's registers."""

    indices: Pixels
    """The colour of each pixel, [h, w]"""
    percent: Ints
    """Red, green and blue of each colour, 0 to 100, [colours, 3]"""


def encode(pixels: Pixels, registers: int = 256) -> str:
    """The sequence that draws pixels [h, w] or [h, w, 3] where the cursor is. The terminal has so many registers.

    Raises ValueError where the height is no multiple of BAND: what remains would be transparent.
    """
    height, width = pixels.shape[:2]
    if height % BAND:
        raise ValueError(f"a height of {height} pixels is no multiple of {BAND}")
    indices, percent = _palette(pixels, registers)
    colours = "".join(f"#{number};2;{r};{g};{b}" for number, (r, g, b) in enumerate(percent.tolist()))
    return f'\x1bP0;1;0q"1;1;{width};{height}{colours}{_lines(indices, len(percent))}\x1b\\'


def for_tmux(pixels: Pixels, height: int) -> Pixels:
    """Pixels [h, w, …] for a tmux whose cells there are `height` pixels high: what it draws of them is the picture.

    It reads row `y * height // h` for its row y, and h rows at most, so the last ones stay black.
    """
    rows = len(pixels)
    return pixels[np.minimum(-(-np.arange(rows) * rows // height), rows - 1)]


def _palette(pixels: Pixels, registers: int) -> Palette:
    """Greys in even steps; what is coloured gets the registers that they leave."""
    if pixels.ndim == 2:
        greys = min(GREYS, registers)
        return Palette(_nearest(pixels, greys), _percent(greys))
    plain = (pixels == pixels[..., :1]).all(axis=2)
    greys = max(2, min(GREYS, registers - min(registers // 2, GREYS)))
    indices = _nearest(pixels[..., 0], greys)
    if plain.all():
        return Palette(indices, _percent(greys))
    from PIL import Image

    strip = Image.fromarray(pixels[~plain][None])
    few = strip.quantize(min(GREYS, registers - greys), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colours = np.array(few.getpalette(), dtype=np.int64).reshape(-1, 3)
    indices[~plain] = np.asarray(few)[0] + greys
    used = colours[: int(np.asarray(few).max()) + 1]
    return Palette(indices, np.concatenate([_percent(greys), np.rint(used / 2.55).astype(np.int64)]))


def _nearest(grey: Pixels, greys: int) -> Pixels:
    """The number of the nearest of so many greys."""
    table = np.rint(np.arange(256) * ((greys - 1) / 255)).astype(np.uint8)
    return np.asarray(table[grey])


def _percent(greys: int) -> Ints:
    return np.repeat(np.rint(np.arange(greys) * (100 / (greys - 1))).astype(np.int64)[:, None], 3, axis=1)


def _lines(indices: Pixels, colours: int) -> str:
    """The lines of sixels for the colours of pixels [h, w]."""
    height, width = indices.shape
    bands = height // BAND
    bits = np.zeros((bands, colours, width), dtype=np.uint8)
    band, column = np.ogrid[:bands, :width]
    rows = indices.reshape(bands, BAND, width)
    for row in range(BAND):
        bits[band, rows[:, row], column] |= 1 << row
    used = bits.any(axis=2)
    of_band, of_colour = np.nonzero(used)
    lines = bits[used]
    is_last = np.append(of_band[1:] != of_band[:-1], True)
    return _written(lines, of_colour, is_last)


def _written(lines: Bytes, colour: Ints, is_last: NDArray[np.bool_]) -> str:
    """Lines of sixels [n, w], each of one colour: `#colour`, the runs, and `$` or, after the last of a band, `-`."""
    starts = np.ones(lines.shape, dtype=bool)
    starts[:, 1:] = lines[:, 1:] != lines[:, :-1]
    line, column = np.nonzero(starts)
    sixel = lines[line, column]
    first = np.append(True, line[1:] != line[:-1])
    ends = np.append(column[1:], 0)
    ends[np.append(first[1:], True)] = lines.shape[1]
    length = ends - column
    last = np.append(first[1:], True)
    length[last & (sixel == 0)] = 0  # nothing follows on this line
    counted = length > _SHORT
    digits = _digits(length)
    runs = np.where(counted, digits + 2, length)
    heads = 1 + _digits(colour)
    # Before a run stand the runs before it, the heads of all lines up to its own, and the ends of those before its own.
    place = np.cumsum(runs) - runs + np.cumsum(heads)[line] + line
    text = np.empty(int(runs.sum() + heads.sum() + len(colour)), dtype=np.uint8)
    head = place[first] - heads
    text[head] = ord("#")
    _put_numbers(text, head + 1, colour)
    for step in range(_SHORT):
        written = ~counted & (length > step)
        text[place[written] + step] = sixel[written] + _BASE
    text[place[counted]] = ord("!")
    _put_numbers(text, place[counted] + 1, length[counted])
    text[place[counted] + 1 + digits[counted]] = sixel[counted] + _BASE
    text[np.append(head[1:] - 1, len(text) - 1)] = np.where(is_last, ord("-"), ord("$"))
    return text.tobytes().decode("ascii")


def _digits(numbers: Ints) -> Ints:
    """How many digits numbers below 10,000 have."""
    return 1 + (numbers >= 10).astype(np.int64) + (numbers >= 100) + (numbers >= 1000)


def _put_numbers(text: Bytes, places: Ints, numbers: Ints) -> None:
    """Writes numbers below 10,000, each at its place."""
    digits = _digits(numbers)
    for place in range(4):
        has = digits > place
        text[places[has] + place] = ord("0") + numbers[has] // 10 ** (digits[has] - 1 - place) % 10
