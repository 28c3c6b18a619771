"""Draws a picture with terminal cells: the film by the backend, then a warm tint over its cells."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.decisions.heat import places
from mammi_tui.images.base import PLAIN, ImageBackend, Placement, place
from mammi_tui.images.picture import Mask, Picture, warmed
from mammi_tui.text import fit, wrap

MARK = "~"
"""Stands in every other tinted cell where cells have no grey of their own"""
_STEPS = (0, 95, 135, 175, 215, 255)
"""The levels of red, green and blue in the 256-colour palette, whose entries 16 to 231 are all their mixtures"""
_WARM = (52, 88, 94, 130, 166, 172, 173, 179, 215, 222, 223)
"""Orange entries of that palette, from dark to bright"""
_LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)"""


def drawn(backend: ImageBackend, picture: Picture, columns: int, rows: int, marked: Style) -> list[Strip]:
    """A picture in `rows` strips of `columns` cells, without its outlines. `marked` is the style of marks in place of a
    tint."""
    grey = picture.grey
    strips = backend.render(grey, columns, rows)
    mask = picture.warm
    if mask is None:
        return strips
    if not backend.cell_pixels[0]:
        return _in_words(strips, mask, columns)
    placement = place(grey, columns, rows)
    cells = over_cells(mask, placement)
    for row in np.flatnonzero(cells.any(axis=1)).tolist():
        y = placement.top + row
        strips[y] = _tinted(strips[y], placement.left, cells[row], row, marked)
    return strips


def _in_words(strips: list[Strip], mask: Mask, columns: int) -> list[Strip]:
    """Says where the tint lies, below the line that stands in place of a film."""
    said = wrap(f"The map is strongest {' and '.join(places(mask)) or 'all over'}.", columns)
    lines = [Strip([Segment(fit(line, columns), PLAIN)], columns) for line in said]
    return [*strips[:1], *lines, *strips[1:]][: len(strips)]


def over_cells(mask: Mask, placement: Placement) -> Mask:
    """The cells [rows, columns] of which at least half are in the mask [h, w]."""
    from PIL import Image

    pixels = Image.fromarray(mask.astype(np.uint8) * 255)
    shares = pixels.resize((placement.columns, placement.rows), Image.Resampling.BOX)
    return np.asarray(shares) >= 128


def _tinted(strip: Strip, left: int, cells: Mask, row: int, marked: Style) -> Strip:
    """A strip whose cells from `left` on are tinted where `cells` says so."""
    segments: list[Segment] = []
    x = -left
    for text, style, _ in strip:
        style = style or PLAIN
        for character in text:
            warm = 0 <= x < len(cells) and cells[x]
            if not warm:
                segments.append(Segment(character, style))
            elif style.bgcolor is None:
                segments.append(Segment(MARK, marked) if (x + row) % 2 else Segment(character, style))
            else:
                segments.append(Segment(character, _warm(style)))
            x += 1
    return Strip(Segment.simplify(segments), strip.cell_length)


@cache
def _warm(style: Style) -> Style:
    """The style with warm colours in place of its greys."""
    return Style(
        color=_warm_colour(style.color) if style.color else None,
        bgcolor=_warm_colour(style.bgcolor) if style.bgcolor else None,
    )


def _warm_colour(colour: Color) -> Color:
    grey = colour.get_truecolor().red
    warm = warmed(np.array(grey, dtype=np.uint8))
    if colour.type is not ColorType.EIGHT_BIT:
        return Color.from_rgb(*warm.tolist())
    entry = min(_WARM, key=lambda entry: abs(float((_of_entry(entry) - warm) @ _LUMA)))
    return Color(f"color({entry})", ColorType.EIGHT_BIT, entry, ColorTriplet(*_of_entry(entry).tolist()))


def _of_entry(entry: int) -> NDArray[np.int64]:
    """Red, green and blue of an entry of the palette."""
    step = entry - 16
    return np.array([_STEPS[step // 36], _STEPS[step // 6 % 6], _STEPS[step % 6]])
