"""How the best concept changes along α, and the interval of α in which it stays.

Both are decided on a grid: α = 0.00, 0.01, …, 1.00, the explorer's coarse steps. They are exact on the grid, where the
best concept is that of engine.annotation, and ignore what happens between its points. With a selection that does not
depend on α there is one stretch. A neuron is followed as long as
fewer than FOLLOWED images lie above τ: below that, in a large probing set, the images are no longer those that the
neuron responds to most.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Competing
from engine.annotation.cuts import Cuts, Selection
from engine.annotation.leading import best_directions
from engine.annotation.selection import threshold_between
from engine.chosen_images import Vectors
from engine.evidence.details import NEARBY, ROUNDING, AlphaStep, Floats, Integers
from engine.requery import Requery
from engine.store.ladder import sum_rows
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

GRID: Floats = np.arange(101) / 100
FOLLOWED = 8 * BLOCK
"""The number of images above τ from which a neuron is no longer followed"""
_UNITS_AT_ONCE = 128


def path(
    reader: RunReader, requery: Requery, layer: LayerInfo, unit: int, selection: Selection, competing: Competing
) -> tuple[AlphaStep, ...]:
    """The stretches of α with one best concept, ascending, from the lowest α that is followed up to 1 (no image)."""
    images, counts = _most_activating(reader, layer, np.array([unit]), selection)
    followed = np.flatnonzero(counts[0] < _limit(reader))
    grid, counts = GRID[followed], counts[0, followed]
    sizes, of_size = np.unique(counts, return_inverse=True)
    parts = [_sum(requery.vectors(), images[0, first:last]) for first, last in pairwise([0, *sizes.tolist()])]
    means = np.cumsum(parts, axis=0) / np.maximum(sizes, 1)[:, None]
    bests = np.where(sizes > 0, competing.first[best_directions(competing, means)], -1)[of_size]
    starts = np.flatnonzero(np.diff(bests, prepend=-2))
    ends = [*(starts[1:] - 1), -1]
    return tuple(
        AlphaStep(float(grid[start]), float(grid[end]), int(bests[start]), int(counts[start]))
        for start, end in zip(starts, ends, strict=True)
    )


def intervals(
    reader: RunReader, requery: Requery, layer: LayerInfo, cuts: Cuts, competing: Competing, best: Integers
) -> Floats:
    """The lowest and the highest α up to which every point of the grid has the unit's best concept, [units, 2].

    `best` [units] are the best concepts at the cuts, −1 for none. A unit has NaN without a best concept, and where too
    many images lie above τ at α for it to be followed. The lowest α is also NaN for a unit that keeps its best
    concept as far down as it is followed, if that is less than NEARBY below α.
    """
    lows, highs = np.full((2, layer.units), np.nan)
    now, alpha = requery.means(layer, cuts), cuts.alpha
    below = range(int(np.searchsorted(GRID, alpha)) - 1, -1, -1)
    above = range(int(np.searchsorted(GRID, alpha, side="right")), len(GRID))
    units = np.flatnonzero((best >= 0) & (now.counts < _limit(reader)))
    for start in range(0, len(units), _UNITS_AT_ONCE):
        part = units[start : start + _UNITS_AT_ONCE]
        images, counts = _most_activating(reader, layer, part, cuts.selection)
        sums = now.means[part] * now.counts[part, None]
        for reached, points in ((lows, below), (highs, above)):
            walk = _Walk(requery.vectors(), competing, best[part], images, sums.copy(), now.counts[part].copy())
            reached[part] = walk.reached(alpha, points, counts, _limit(reader))
        ends = GRID[(counts < _limit(reader)).argmax(axis=1)]
        undecided = (ends > 0) & (lows[part] <= ends) & (lows[part] > alpha - NEARBY + ROUNDING)
        lows[part[undecided]] = np.nan
    return np.stack([lows, highs], axis=1)


class _Walk:
    """Some units on their way along the grid, each with the sum of its images so far."""

    def __init__(
        self,
        vectors: Vectors,
        competing: Competing,
        best: Integers,
        images: NDArray[np.int32],
        sums: Floats,
        counts: Integers,
    ) -> None:
        self._vectors = vectors
        self._competing = competing
        self._best = best
        self._images = images
        self._sums = sums
        self._counts = counts

    def reached(self, alpha: float, points: Iterable[int], counts: Integers, limit: int) -> Floats:
        """The last α, going from `alpha` over `points` of the grid, at which each unit still has its best concept."""
        reached = np.full(len(self._best), alpha)
        on_the_way = np.ones(len(self._best), dtype=bool)
        for point in points:
            on_the_way &= (counts[:, point] > 0) & (counts[:, point] < limit)
            moving = np.flatnonzero(on_the_way & (counts[:, point] != self._counts))
            on_the_way[moving] = self._stay(moving, counts[moving, point])
            reached[on_the_way] = GRID[point]
            if not on_the_way.any():
                break
        return reached

    def _stay(self, rows: Integers, counts: Integers) -> NDArray[np.bool_]:
        """Whether the best concept of each of some rows stays when the row goes on to `counts` images."""
        for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
            before = int(self._counts[row])
            images = self._images[row]
            if count > before:
                self._sums[row] += _sum(self._vectors, images[before:count])
            elif count > before // 2:
                self._sums[row] -= _sum(self._vectors, images[count:before])
            else:
                self._sums[row] = _sum(self._vectors, images[:count])
        self._counts[rows] = counts
        best = best_directions(self._competing, self._sums[rows] / counts[:, None])
        stay: NDArray[np.bool_] = self._competing.first[best] == self._best[rows]
        return stay


def _most_activating(
    reader: RunReader, layer: LayerInfo, units: Integers, selection: Selection
) -> tuple[NDArray[np.int32], Integers]:
    """The most activating images of n living units, and how many are taken at each point of the grid, up to FOLLOWED.

    [n, FOLLOWED] and [n, points].
    """
    blocks = min(FOLLOWED // BLOCK, reader.arrays.blocks_each)
    neurons = layer.first_neuron + units
    rows = neurons[:, None] * reader.arrays.blocks_each + np.arange(blocks)
    images, activations = reader.arrays.blocks(rows.reshape(-1))
    minima, maxima = reader.minima[neurons], reader.maxima[neurons]
    thresholds = np.stack([threshold_between(minima, maxima, float(alpha)) for alpha in GRID], axis=1)
    ascending = -activations.astype(np.float64).reshape(len(units), -1)
    counts = [np.searchsorted(row, -taus) for row, taus in zip(ascending, thresholds, strict=True)]
    taken = selection.taken(np.minimum(counts, reader.image_count), reader.image_count)
    taken[layer.dead[units]] = 0
    return images.reshape(len(units), -1), np.minimum(taken, images.size // max(len(units), 1))


def _limit(reader: RunReader) -> int:
    """A unit is followed where fewer images than this lie above τ."""
    return FOLLOWED if reader.image_count > FOLLOWED else reader.image_count + 1


def _sum(vectors: Vectors, images: NDArray[np.int32]) -> Floats:
    return sum_rows(vectors.embeddings, vectors.inverse_lengths, images)
