"""The images of the probing set that match a concept best, and those of them that leave a neuron cold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import products
from engine.annotation.scoring import unit_rows
from engine.names import find_layer, find_unit
from engine.requery import Requery
from engine.store.reader import RunReader

_BEST = 12
"""Images that are listed as matching best, and as cold"""
_SHARE = 0.01
"""The best-matching share of all images among which cold ones are looked for"""
_FEWEST = 20
"""Images among which they are looked for in small probing sets"""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Images that match a concept, by the cosine of image and prompted concept."""

    images: NDArray[np.int64]
    """Those that match best, [n], the best first"""
    cosines: NDArray[np.float64]
    """cos(v_o, t_j), [n]"""
    activations: NDArray[np.float32]
    """The neuron's activation on them, [n]; NaN without a neuron"""
    pool: int
    """The number of best-matching images among which cold ones were looked for; 0 without a neuron"""
    cold: NDArray[np.int64]
    """Those of the pool on which the neuron is below its median, [k], the lowest activation first"""
    cold_cosines: NDArray[np.float64]
    """[k]"""
    cold_activations: NDArray[np.float32]
    """[k]"""
    higher: NDArray[np.float64]
    """The share of all images on which the neuron is higher than on each cold one, [k]"""


class Matching:
    """Compares concepts with all images. The last concept's cosines and the last neuron's activations are kept."""

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery
        self._last: tuple[int, NDArray[np.float64]] | None = None
        self._neuron: tuple[tuple[str, int], NDArray[np.float32]] | None = None

    def matches(self, concept: int, neuron: tuple[str, int] | None) -> Matches:
        """The images that match a concept best. Raises MammiError for an unknown neuron."""
        cosines = self._cosines(concept)
        pool = min(len(cosines), max(_FEWEST, round(_SHARE * len(cosines))))
        ranked = _highest(cosines, max(pool, _BEST))
        best = ranked[:_BEST]
        if neuron is None:
            nothing = np.empty(0)
            activations = np.full(len(best), np.nan, np.float32)
            return Matches(best, cosines[best], activations, 0, best[:0], nothing, nothing.astype(np.float32), nothing)
        values = self._activations(neuron)
        among = ranked[:pool]
        cold = among[values[among] < np.median(values)]
        cold = cold[np.lexsort((cold, -cosines[cold], values[cold]))][:_BEST]
        ascending = np.sort(values)
        higher = 1 - np.searchsorted(ascending, values[cold], side="right") / max(1, len(values))
        return Matches(
            *(best, cosines[best], values[best]),
            pool=pool,
            cold=cold,
            cold_cosines=cosines[cold],
            cold_activations=values[cold],
            higher=higher,
        )

    def _cosines(self, concept: int) -> NDArray[np.float64]:
        """cos(v_o, t_j) for every image, [p]."""
        if self._last is None or self._last[0] != concept:
            vectors = self._requery.vectors()
            text = unit_rows(vectors.directions[concept] + vectors.template)
            self._last = (concept, self._products(text))
        return self._last[1]

    def _products(self, text: NDArray[np.float64]) -> NDArray[np.float64]:
        vectors = self._requery.vectors()
        cosines: NDArray[np.float64] = products(vectors.embeddings, text.astype(np.float32)) * vectors.inverse_lengths
        return cosines

    def _activations(self, neuron: tuple[str, int]) -> NDArray[np.float32]:
        """The neuron's activation on every image, [p]."""
        if self._neuron is None or self._neuron[0] != neuron:
            layer = find_layer(neuron[0], self._reader.layers)
            find_unit(neuron[1], layer)
            arrays = self._reader.arrays
            images, activations = arrays.ranked(layer.first_neuron + neuron[1], 0, arrays.blocks_each - 1)
            values = np.empty(self._reader.image_count, np.float32)
            values[images] = activations
            self._neuron = (neuron, values)
        return self._neuron[1]


def _highest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The places of the `count` highest values, the highest first, ties by place."""
    count = min(count, len(values))
    if not count:
        return np.empty(0, np.int64)
    least = np.partition(values, len(values) - count)[len(values) - count]
    places = np.flatnonzero(values >= least)
    return places[np.lexsort((places, -values[places]))][:count]
