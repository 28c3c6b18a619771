"""The boxes and outlines of one row of a user's own table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError
from engine.probing.base import Box, Polygon
from engine.probing.cells import PRESENT, UNCERTAIN, UnreadableCell, number, says_nothing
from engine.probing.files import warn
from engine.probing.labels import Told, denies, those
from engine.probing.masks import outline
from engine.probing.row_labels import has_mask
from engine.probing.run_lengths import MASK_SIDE, box_around, mask_of
from engine.probing.table_options import TableOptions
from engine.probing.tables import Table
from engine.text_files import short

Cells = Sequence[str]
Place = tuple[float, float, float, float]
"""Of a box: left, top, width, height"""


def box_of(path: object, line: int, cells: Cells, corners: bool = False) -> Place | None:
    """The box in four cells: left, top, width, height, or with `corners` left, top, right, bottom; None where all four
    say nothing.

    Raises ConfigError, which names `path` and `line`, for cells that are no box.
    """
    if all(map(says_nothing, cells)):
        return None
    given = _numbers(cells)
    if len(given) < 4:
        shown = ", ".join(cell or "nothing" for cell in cells)
        raise ConfigError(f"{path}: line {line} has {short(shown)!r} for a box, which must be four numbers.")
    x, y, width, height = (*given[:2], given[2] - given[0] * corners, given[3] - given[1] * corners)
    if width <= 0 or height <= 0:
        raise ConfigError(f"{path}: line {line} has a box without width or height.")
    return x, y, width, height


def _numbers(cells: Cells) -> list[float]:
    """The numbers of cells that are numbers."""
    found = []
    for cell in cells:
        with suppress(UnreadableCell):
            found.append(number(cell))
    return found


class RowOutlines:
    """Reads the boxes and masks of rows. Each is that of the row's labels, "No Finding" aside."""

    def __init__(self, table: Table, options: TableOptions) -> None:
        """Raises ConfigError when the configuration names a column that is missing."""
        self._path, self._options = table.path, options
        self._corners = options.corner_columns is not None
        key = f"probing.{'corner' if self._corners else 'box'}_columns"
        names = options.corner_columns or options.box_columns or ()
        self._box = [table.column(name, key) for name in names]
        sizes = options.size_columns or ()
        self._size = [table.column(name, "probing.size_columns") for name in sizes]
        self._mask = table.column(options.mask_column, "probing.mask_column") if options.mask_column else None
        self._least = UNCERTAIN if options.uncertain == "ones" else PRESENT
        self._unlabelled: list[str] = []

    @property
    def any(self) -> bool:
        """Whether the table has boxes or masks."""
        return bool(self._box) or self._mask is not None

    def read(self, line: int, cells: Cells, film: str, told: Told) -> tuple[list[Box], list[Polygon]]:
        """The boxes and outlines of a row that says `told` of a film. Raises ConfigError for a cell that is wrong."""
        boxes: list[Box] = []
        polygons: list[Polygon] = []
        if self._box:
            place = self._placed(line, cells)
            labels = [label for label in those(told, self._least) if not denies(label)]
            if place is not None:
                boxes = [Box(label, *place) for label in labels]
                if not labels:
                    self._unlabelled.append(film)
        if self._mask is not None and self._options.mask_label and has_mask(cells[self._mask]):
            mask = self._decoded(line, cells[self._mask])
            boxes.append(Box(self._options.mask_label, *box_around(mask)))
            try:
                polygons.append(Polygon(self._options.mask_label, outline(mask)))
            except ValueError as error:
                raise ConfigError(f"{self._path}: line {line} has a mask that is none: {error}.") from None
        return boxes, polygons

    def warn(self) -> None:
        """Warns of boxes that belong to no label."""
        warn(f"{self._path}: left out boxes in rows without a label", self._unlabelled)

    def _placed(self, line: int, cells: Cells) -> Place | None:
        place = box_of(self._path, line, [cells[column] for column in self._box], self._corners)
        if place is None or not self._size:
            return place
        size = [cells[column] for column in self._size]
        try:
            across, down = (number(cell) or 0 for cell in size)
        except ValueError:
            across = down = 0
        if min(across, down) <= 0:
            raise ConfigError(
                f"{self._path}: line {line} has {short(', '.join(size))!r} for its film's width and height."
            )
        x, y, width, height = place
        return x / across, y / down, width / across, height / down

    def _decoded(self, line: int, cell: str) -> NDArray[np.bool_]:
        side = self._options.side or MASK_SIDE
        try:
            return mask_of(cell, side)
        except ValueError:
            place = f"{self._path}: line {line} has {short(cell)!r} in column {self._options.mask_column!r}"
            raise ConfigError(f"{place}, which is no mask as run lengths on {side} × {side} pixels.") from None
