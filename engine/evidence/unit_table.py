"""The figures of every unit of a layer over one choice of images, whatever β."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.annotation.cuts import Cuts
from engine.evidence.column import LayerUnits
from engine.evidence.columns import COLUMNS
from engine.evidence.contest import Contest
from engine.evidence.details import Integers
from engine.evidence.units import Probing, Units
from engine.evidence.written import BLANKS
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

_UNITS_AT_ONCE = 128
_IMAGES_AT_ONCE = 1 << 19


def unit_table(
    probing: Probing,
    contest: Contest,
    layer: LayerInfo,
    cuts: Cuts,
    only: int | None = None,
) -> LayerUnits:
    """A layer with every column that does not depend on β. `contest` is that of the concept set and the ranking.

    With `only`, the other units have nothing but what this unit's figures depend on: that takes far less time.
    """
    found, scores = probing.requery.scores(layer, cuts)
    table = LayerUnits(probing, contest, layer, cuts, found.counts, found.means, {})
    for column in COLUMNS:
        if column.of_units:
            blank = BLANKS[column.written]
            table.figures[column] = np.full((layer.units, *blank.shape), blank, dtype=blank.dtype)
    for units in _parts(found.counts):
        mine = units if only is None else units[units == only]
        for some, compared in ((units, True), (mine, False)):
            part = Units(*(probing, contest, layer, cuts, some, found.counts[some], found.means[some], scores[some]))
            for column in COLUMNS if len(some) else ():
                if column.of_units and column.compared is compared:
                    table.figures[column][some] = column.of_units(part)
    for column in COLUMNS:
        if column.of_layer:
            table.figures[column] = column.of_layer(table)
    return table


def _parts(counts: Integers) -> Iterator[Integers]:
    """The units with representative images, in parts of a limited number of units and images."""
    units = np.flatnonzero(counts > 0)
    held = np.cumsum(-(-counts[units] // BLOCK) * BLOCK)
    while len(units):
        size = max(1, int(np.searchsorted(held, _IMAGES_AT_ONCE)))
        size = min(size, _UNITS_AT_ONCE)
        yield units[:size]
        units, held = units[size:], held[size:] - held[size - 1]
