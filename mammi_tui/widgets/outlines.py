"""Findings drawn over a film of cells: boxes in line characters, contours in Braille dots."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from mammi_tui.findings import Contour, Finding, Outline
from mammi_tui.images.base import PLAIN, Placement
from mammi_tui.text import clean

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Braille's bit for each of a cell's 4 × 2 dots, above U+2800"""


def draw(strips: list[Strip], findings: Sequence[Finding], placement: Placement, style: Style) -> None:
    """Draws findings into the strips of a film at `placement`: all lines first, then the labels over them."""
    labels = []
    for finding in findings:
        if isinstance(finding, Outline):
            labels.append(_box(strips, finding, placement, style))
        else:
            labels.append(_contour(strips, finding, placement, style))
    for label in filter(None, labels):
        _put(strips, label.row, label.column, label.text, style, see_through=False)


class _Label(NamedTuple):
    """A text and the cell where it starts."""

    text: str
    row: int
    column: int


def _box(strips: list[Strip], outline: Outline, placement: Placement, style: Style) -> _Label | None:
    """Draws a box of line characters; its label stands in the upper side where there is room."""
    last_column, last_row = placement.columns - 1, placement.rows - 1
    left = placement.left + round(max(0.0, outline.left) * last_column)
    right = placement.left + round(min(1.0, outline.right) * last_column)
    top = placement.top + round(max(0.0, outline.top) * last_row)
    bottom = placement.top + round(min(1.0, outline.bottom) * last_row)
    if right <= left or bottom <= top:
        return None
    inner = right - left - 1
    _put(strips, top, left, f"┌{'─' * inner}┐", style)
    for row in range(top + 1, bottom):
        _put(strips, row, left, "│", style)
        _put(strips, row, right, "│", style)
    _put(strips, bottom, left, f"└{'─' * inner}┘", style)
    label = clean(outline.label)
    return _Label(label, top, left + 1) if cell_len(label) <= inner else None


def _contour(strips: list[Strip], contour: Contour, placement: Placement, style: Style) -> _Label | None:
    """Draws a closed line of Braille dots; its label stands above it where there is room."""
    points = np.array([point for point in contour.points if np.isfinite(point).all()], dtype=np.float64)
    dots = _dots(points, placement) if len(points) > 1 else np.zeros((0, 0), dtype=np.int64)
    drawn = np.argwhere(dots)
    for row, column in drawn.tolist():
        _put(strips, placement.top + row, placement.left + column, chr(0x2800 + int(dots[row, column])), style)
    label = clean(contour.label)
    if not len(drawn) or cell_len(label) > placement.columns:
        return None
    top, centre = int(drawn[:, 0].min()), int(drawn[:, 1].mean())
    column = min(max(centre - cell_len(label) // 2, 0), placement.columns - cell_len(label))
    return _Label(label, placement.top + max(top - 1, 0), placement.left + column)


def _dots(points: NDArray[np.float64], placement: Placement) -> NDArray[np.int64]:
    """The Braille bits of each cell of the film [rows, columns]; lines are cut at the film's edge."""
    size = np.array([placement.columns * 2, placement.rows * 4])
    corners = np.rint(np.clip(points, -1, 2) * (size - 1)).astype(np.int64)
    dots = np.zeros((placement.rows, placement.columns), dtype=np.int64)
    for start, end in pairwise([*corners, corners[0]]):
        steps = int(np.abs(end - start).max()) + 1
        line = np.rint(np.linspace(start, end, steps)).astype(np.int64)
        x, y = line[((line >= 0) & (line < size)).all(axis=1)].T
        np.bitwise_or.at(dots, (y // 4, x // 2), _DOTS[y % 4, x % 2])
    return dots


def _put(strips: list[Strip], row: int, column: int, text: str, style: Style, *, see_through: bool = True) -> None:
    """Writes text over a strip. With `see_through` each cell keeps its background; characters then fill a cell each."""
    strip, end = strips[row], column + cell_len(text)
    over = [Segment(text, style)]
    if see_through:
        under = [segment.style or PLAIN for segment in strip.crop(column, end) for _ in range(segment.cell_length)]
        over = [
            Segment(character, style + Style(bgcolor=own.bgcolor) if own.bgcolor else style)
            for character, own in zip(text, under, strict=True)
        ]
    strips[row] = Strip.join([strip.crop(0, column), Strip(over), strip.crop(end)])
