"""The representative images of a layer's units, among all images of a run or among some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import TAU, Selection
from engine.annotation.image_sets import ImageSets
from engine.annotation.selection import above, threshold_between
from engine.comparing.side import Side
from engine.store.ladder import sum_rows
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

_BLOCKS_AT_ONCE = 4096
"""Blocks of sorted activations that are read at once, 2 KB each"""


def representatives(
    reader: RunReader,
    layer: LayerInfo,
    alpha: float,
    among: NDArray[np.bool_] | None = None,
    selection: Selection = TAU,
) -> ImageSets:
    """The images that `selection` takes, by default those above τ (Eq. 1), of each unit of a layer, by unit; with
    `among` [p] as if the run had only these images.

    A unit that is constant on the images has none.
    """
    arrays = reader.arrays
    if among is None:
        lows, highs = reader.minima[layer.neurons], reader.maxima[layer.neurons]
    else:
        lows, highs = _extremes(reader, layer, among, last=True), _extremes(reader, layer, among, last=False)
    tau = threshold_between(lows, highs, alpha)
    living = highs > lows
    counts = np.zeros(layer.units, np.int64)
    if selection.rule != "top":
        tops = arrays.tops(layer.first_neuron, layer.units)
        found = _strongest(reader, layer, np.where(living, above(tops, tau[:, None]).sum(axis=1), 0), tau, among)
        if selection.rule == "tau":
            return found
        counts = found.counts
    allowed = reader.image_count if among is None else int(among.sum())
    wanted = np.where(living, selection.taken(counts, allowed), 0)
    sizes, every = -(-wanted // BLOCK), np.full(layer.units, -np.inf)
    while True:
        found = _strongest(reader, layer, sizes, every, among)
        short = (found.counts < wanted) & (sizes < arrays.blocks_each)
        if not short.any():
            return of_units(found, np.arange(layer.units), wanted)
        sizes = np.where(short, np.minimum(2 * sizes, arrays.blocks_each), sizes)


def of_units(sets: ImageSets, units: NDArray[np.int64], counts: NDArray[np.int64] | None = None) -> ImageSets:
    """The sets of some units, in their order; with `counts` the first images of each."""
    counts = sets.counts[units] if counts is None else counts
    ends = np.cumsum(counts)
    places = np.arange(int(counts.sum())) + np.repeat(sets.starts[units] - (ends - counts), counts)
    return ImageSets(sets.images[places], np.concatenate([[0], ends]))


def _strongest(
    reader: RunReader,
    layer: LayerInfo,
    sizes: NDArray[np.int64],
    tau: NDArray[np.float64],
    among: NDArray[np.bool_] | None,
) -> ImageSets:
    """Those images above `tau` [units] in the first `sizes` [units] blocks of each unit that `among` allows."""
    arrays, first = reader.arrays, layer.first_neuron * reader.arrays.blocks_each
    images, counts = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
    for units in _in_parts(sizes):
        blocks = first + np.repeat(units * arrays.blocks_each, sizes[units]) + _within(sizes[units])
        found, activations = arrays.blocks(blocks)
        found = found.astype(np.int32, copy=False)  # no block at all has no type of its own
        kept = (found >= 0) & above(activations, np.repeat(tau[units], sizes[units])[:, None])
        if among is not None:
            kept &= among[found]
        images.append(found[kept])
        owners = np.repeat(np.arange(len(units)), sizes[units])
        counts.append(np.bincount(owners, weights=kept.sum(axis=1), minlength=len(units)).astype(np.int64))
    return ImageSets(np.concatenate(images), np.concatenate([[0], np.cumsum(np.concatenate(counts))]))


def means(side: Side, sets: Sequence[ImageSets]) -> list[NDArray[np.float64]]:
    """The mean unit embedding of each set of images, [n, d] for each of the `sets`; zeros for an empty set.

    The embeddings are read once, piece by piece.
    """
    wanted = np.unique(np.concatenate([np.empty(0, np.int32), *(each.images for each in sets)]))
    totals = [np.zeros((len(each), side.reader.info.dimension)) for each in sets]
    orders = [np.lexsort((each.images, each.rows)) for each in sets]
    sorted_images = [each.images[order] for each, order in zip(sets, orders, strict=True)]
    for piece, embeddings, lengths in side.pieces(wanted):
        for each, images, total in zip(sets, sorted_images, totals, strict=True):
            inside = (images >= piece[0]) & (images <= piece[-1])
            counts = np.add.reduceat(np.append(inside, False), each.starts[:-1]) if len(each) else np.empty(0, np.int64)
            counts = np.where(each.counts > 0, counts, 0)  # reduceat gives an empty set the next one's first
            places = np.searchsorted(piece, images[inside])
            ends = np.cumsum(counts)
            for row in np.flatnonzero(counts).tolist():
                total[row] += sum_rows(embeddings, lengths, places[ends[row] - counts[row] : ends[row]])
    return [total / np.maximum(each.counts, 1)[:, None] for each, total in zip(sets, totals, strict=True)]


def _extremes(reader: RunReader, layer: LayerInfo, among: NDArray[np.bool_], *, last: bool) -> NDArray[np.float64]:
    """The highest activation of each unit among some images, or the lowest, [units]; 0 without images."""
    arrays, first = reader.arrays, layer.first_neuron * reader.arrays.blocks_each
    found = np.zeros(layer.units)
    open_units = np.arange(layer.units) if among.any() else np.empty(0, np.int64)
    blocks = range(arrays.blocks_each - 1, -1, -1) if last else range(arrays.blocks_each)
    for block in blocks:
        if not len(open_units):
            break
        still = []
        for units in _in_parts(np.ones(len(open_units), np.int64)):
            chosen = open_units[units]
            images, activations = arrays.blocks(first + chosen * arrays.blocks_each + block)
            allowed = (images >= 0) & among[images]
            place = BLOCK - 1 - allowed[:, ::-1].argmax(axis=1) if last else allowed.argmax(axis=1)
            has = allowed.any(axis=1)
            found[chosen[has]] = activations[np.arange(len(chosen)), place][has]
            still.append(chosen[~has])
        open_units = np.concatenate(still)
    return found


def _in_parts(sizes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Indices in order, in parts whose sizes add up to about _BLOCKS_AT_ONCE."""
    parts = (np.cumsum(sizes) - 1) // _BLOCKS_AT_ONCE
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(parts)) + 1) if len(sizes) else []


def _within(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 … size − 1 for each size, one after another."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
