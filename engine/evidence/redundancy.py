"""Which other unit of a layer responds to the same images most.

Measured by the cosine of two units' sets of strongest images, |A ∩ B|/√(|A|·|B|) (Ochiai 1957): for sets of equal size
the share that both have. It does not depend on α. A set is the 60 strongest images, at most a twentieth of the probing
set but at least eight, above the lower 0.4 of the range: the images that groups are looked for in where α is high
(engine.evidence.groups).
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ImageSets
from engine.evidence.details import Floats, Integers
from engine.evidence.groups import FEWEST, FLOOR, filled
from engine.requery import Requery
from engine.store.records import LayerInfo

_UNITS_AT_ONCE = 64


class Redundancy:
    """Answers for the units of any layer. A layer's sets are read once. Any thread may ask."""

    def __init__(self, requery: Requery, images: int) -> None:
        self._requery = requery
        self._images = images
        self._sets: dict[int, ImageSets] = {}
        self._reading = threading.Lock()

    def of(self, layer: LayerInfo, units: Integers) -> tuple[Floats, Integers]:
        """The highest cosine to another unit of the layer and that unit, [n] each, for n of its units.

        NaN and −1 where the probing set has fewer than 16 images; 0 and −1 where no image is shared.
        """
        cosines, others = np.full(len(units), np.nan), np.full(len(units), -1)
        if self._images < 2 * FEWEST:
            return cosines, others
        sets = self._strongest(layer)
        for start in range(0, len(units), _UNITS_AT_ONCE):
            part = slice(start, start + _UNITS_AT_ONCE)
            alike = _cosines(sets, units[part], self._images)
            best = alike.argmax(axis=1)
            cosines[part] = alike[np.arange(len(best)), best]
            others[part] = np.where(cosines[part] > 0, best, -1)
        return cosines, others

    def _strongest(self, layer: LayerInfo) -> ImageSets:
        with self._reading:
            if layer.position not in self._sets:
                units, most = np.arange(layer.units), max(filled(self._images), FEWEST)
                none = np.zeros_like(units)
                self._sets[layer.position] = self._requery.strongest(layer, units, none, most, FLOOR)
            return self._sets[layer.position]


def _cosines(sets: ImageSets, units: Integers, images: int) -> Floats:
    """Cosines of the sets of some units to those of all, [n, units]; 0 to itself and to an empty set."""
    concerned = np.unique(np.concatenate([sets.of(unit) for unit in units.tolist()]))
    columns: NDArray[np.int32] = np.full(images, -1, dtype=np.int32)
    columns[concerned] = np.arange(len(concerned))
    places = columns[sets.images]
    members = np.zeros((len(sets), len(concerned)), dtype=np.float32)
    members[sets.rows[places >= 0], places[places >= 0]] = 1
    shared = (members[units] @ members.T).astype(np.float64)
    shared[np.arange(len(units)), units] = 0
    cosines: Floats = shared / np.sqrt(np.maximum(np.outer(sets.counts[units], sets.counts), 1))
    return cosines
