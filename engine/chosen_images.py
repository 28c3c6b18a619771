"""How many of a neuron's most activating images are its representative images, and the mean of their embeddings.

A neuron's representative images are the first of its sorted images. So the sum of their embeddings is the nearest
stored partial sum plus or minus a few rows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring
from engine.annotation.cuts import Cuts
from engine.annotation.directions import Directions
from engine.annotation.image_sets import ImageSets, ranges, sum_sets
from engine.annotation.layer_means import LayerMeans
from engine.annotation.rows import Rows
from engine.annotation.selection import above, threshold_between
from engine.kept_rows import KeptRows
from engine.store.ladder import inverse_lengths, sum_rows
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

_SUMMED = 128
"""Images whose embeddings are summed up themselves rather than taken from a stored sum"""
SUMMED_OF_ONE = 1024
"""The same where one neuron is asked about"""
_KEPT_BLOCKS = 8192
"""Blocks that are kept, 2 kB each: the first ones of two large layers, or a few of each neuron of one"""
_KEPT_SUMS = 1 << 21
"""Numbers of stored sums that are kept"""
_ROUNDING = 1e-6
"""How far a stored sum may be from the true one, relative to its length"""
_DRIFT = 1e-15
"""How far a mean may move by rounding when images are added to it or taken away"""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What all answers are computed from."""

    embeddings: Rows
    """The images' embeddings, [p, d]"""
    inverse_lengths: NDArray[np.float64]
    """1 / the length of each embedding, [p]"""
    directions: Directions
    """t_j − t_tem, [m, d]"""
    template: NDArray[np.float64]
    """t_tem, [d]; zeros where it is not subtracted"""


@dataclass(frozen=True, slots=True, eq=False)
class NeuronImages:
    """One neuron's representative images."""

    threshold: float
    """τ of Eq. 1, and for a dead unit its constant activation; with another selection the lowest activation taken"""
    count: int
    images: NDArray[np.int32]
    """By blocks: the first `count` are the representative images"""
    activations: NDArray[np.float32]
    """Theirs"""


class ChosenImages:
    """The representative images of neurons and layers over an open run file. Any thread may ask."""

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._arrays = reader.arrays
        self._loading = threading.Lock()
        self._directions: tuple[Directions, NDArray[np.float64]] | None = None
        self._vectors: Vectors | None = None
        self._whole: NDArray[np.float64] | None = None
        self._tops: dict[int, NDArray[np.float32]] = {}
        self._blocks = KeptRows(self._arrays.blocks, _KEPT_BLOCKS)
        self._sums = KeptRows(lambda rows: (self._arrays.partial_sums(rows),), _KEPT_SUMS // reader.info.dimension)

    def vectors(self) -> Vectors:
        """The run's image embeddings and concept directions. They are loaded once."""
        with self._loading:
            if self._vectors is None:
                embeddings = self._arrays.image_embeddings()
                directions, template = self._concepts()
                lengths = self._arrays.inverse_lengths()
                lengths = inverse_lengths(embeddings) if lengths is None else lengths
                self._vectors = Vectors(embeddings, lengths, directions, template)
            return self._vectors

    def own_scores(self, neuron: int) -> NDArray[np.float64]:
        """The score of every concept at the run's own cuts, [m]: no image's embedding is needed."""
        with self._loading:
            directions, _ = self._concepts()
        return directions.products(self._arrays.own_means(np.array([neuron]))[0])

    def _concepts(self) -> tuple[Directions, NDArray[np.float64]]:
        """The concepts' directions and the unit vector of the bare template. They are loaded once."""
        if self._directions is None:
            texts, bare = self._arrays.text_embeddings()
            template = scoring.unit_rows(bare)
            self._directions = Directions(texts, template), template
        return self._directions

    def warm(self) -> None:
        """Loads what the first answer about any layer would have to load; of large runs the first layers alone."""
        self.vectors()
        held = 0
        for layer in self._reader.layers:
            self._layer_tops(layer)
            held += layer.units
            if held <= _KEPT_BLOCKS:
                self._blocks.get(np.arange(layer.units) * self._arrays.blocks_each + self._first_block(layer))

    def neuron(self, layer: LayerInfo, unit: int, cuts: Cuts) -> NeuronImages:
        """The representative images of one neuron."""
        tau = self._thresholds(layer, cuts.alpha)[unit : unit + 1]
        images, activations = np.empty(0, np.int32), np.empty(0, np.float32)
        count = 0
        if cuts.selection.rule != "top":
            boundary = int(self._boundaries(layer, np.array([unit]), tau)[0])
            images, activations = self._ranked(layer, unit, self._with_rung(boundary))
            count = int(np.count_nonzero(activations > _rounded_down(tau)))
        threshold = float(tau[0])
        if cuts.selection.rule != "tau":
            dead = bool(layer.dead[unit])
            count = 0 if dead else int(cuts.selection.taken(np.array(count), self._reader.image_count))
            if count > len(images):
                images, activations = self._ranked(layer, unit, (count - 1) // BLOCK)
            threshold = threshold if dead else float(activations[count - 1])
        return NeuronImages(threshold, count, images, activations)

    def sets(self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64]) -> ImageSets:
        """The `counts` [n] most activating images of each of the `units` [n] of a layer, which ascend."""
        return self._between(layer, units, np.zeros_like(counts), counts)

    def strongest(
        self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64], least: int, alpha: float
    ) -> ImageSets:
        """`sets`, each filled up to the unit's `least` ≤ BLOCK strongest images, as far as they lie above τ at α."""
        neurons = layer.first_neuron + units
        _, activations = self._blocks.get(neurons * self._arrays.blocks_each)
        tau = threshold_between(self._reader.minima[neurons], self._reader.maxima[neurons], alpha)
        higher = np.count_nonzero(above(activations[:, :least], tau[:, None]), axis=1)
        return self.sets(layer, units, np.maximum(counts, higher))

    def counts(self, layer: LayerInfo, units: NDArray[np.int64], cuts: Cuts) -> NDArray[np.int64]:
        """The number of representative images of some units, which ascend, [n]."""
        thresholds = self._thresholds(layer, cuts.alpha)[units]
        maxima = self._reader.maxima[layer.neurons][units]
        living = np.flatnonzero(maxima > thresholds if cuts.selection.rule == "tau" else ~layer.dead[units])
        found = np.zeros(len(living), dtype=np.int64)
        if cuts.selection.rule != "top":
            boundaries = self._boundaries(layer, units[living], thresholds[living])
            rows = self._first_block(layer) + units[living] * self._arrays.blocks_each + boundaries
            _, activations = self._blocks.get(rows)
            higher = activations > _rounded_down(thresholds[living])[:, None]
            found = boundaries * BLOCK + np.count_nonzero(higher, axis=1)
        counts = np.zeros(len(units), dtype=np.int64)
        counts[living] = cuts.selection.taken(found, self._reader.image_count)
        return counts

    def means(
        self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64], last: LayerMeans | None = None
    ) -> LayerMeans:
        """The mean of the unit embeddings of the `counts` [n] ≥ 1 most activating images of each of some units, which
        ascend. Few images are summed up; of many, those between their number and the nearest stored sum, or the number
        of the units' `last` means, whichever is nearer."""
        rungs, ranks = self._nearest_rungs(counts)
        sums, summed = np.zeros((len(units), self._reader.info.dimension)), np.zeros(len(units))
        before = np.zeros(len(units), np.bool_)
        if last is not None:
            before = (last.counts > 0) & (4 * np.abs(counts - last.counts) < np.abs(counts - ranks))
            ranks, rungs = np.where(before, last.counts, ranks), np.where(before, 0, rungs)
            near = np.flatnonzero(before)
            sums[near] = last.means[near] * last.counts[near, None]
            summed[near] = (last.doubts[near] + _DRIFT) * last.counts[near]
        taken = np.flatnonzero(rungs)
        if len(taken):
            rows = (layer.first_neuron + units[taken]) * len(self._arrays.rungs) + rungs[taken] - 1
            sums[taken] = self._sums.get(rows)[0]
            summed[taken] = _ROUNDING * np.linalg.norm(sums[taken], axis=1)
        rests = self._sum_of(self._between(layer, units, np.minimum(counts, ranks), np.maximum(counts, ranks)))
        rests[counts < ranks] *= -1
        sums += rests
        sums /= counts[:, None]
        return LayerMeans(counts, sums, summed / counts)

    def mean(
        self, layer: LayerInfo, unit: int, found: NeuronImages, summed: int = SUMMED_OF_ONE
    ) -> tuple[NDArray[np.float64], float]:
        """The mean of the unit embeddings of a neuron's representative images, at least one, [d], and how far it may be
        from the true one: up to `summed` images are summed up themselves."""
        vectors = self.vectors()
        if found.count <= summed:
            images = found.images[: found.count]
            return sum_rows(vectors.embeddings, vectors.inverse_lengths, images) / found.count, 0.0
        count = np.array([found.count])
        rungs, ranks = self._nearest_rungs(count)
        if ranks[0] > len(found.images):
            means = self.means(layer, np.array([unit]), count)
            return means.means[0], float(means.doubts[0])
        low, high = sorted((found.count, int(ranks[0])))
        rest = sum_rows(vectors.embeddings, vectors.inverse_lengths, found.images[low:high])
        stored = self._sums.get((layer.first_neuron + unit) * len(self._arrays.rungs) + rungs - 1)[0][0]
        mean = (stored + (rest if high == found.count else -rest)) / found.count
        return mean, _ROUNDING * float(np.linalg.norm(stored)) / found.count

    def true_means(self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """As `means`, from the embeddings alone, [n, d]: milliseconds for each thousand images."""
        total = self._reader.image_count
        means = np.empty((len(units), self._reader.info.dimension))
        for row, (unit, count) in enumerate(zip(units[:, None], counts[:, None], strict=True)):
            if 2 * count[0] <= total:
                means[row] = self._sum_of(self.sets(layer, unit, count))[0] / count
            else:
                rest = self._sum_of(self._between(layer, unit, count, np.array([total])))[0]
                means[row] = (self._sum_of_all() - rest) / count
        return means

    def _sum_of(self, sets: ImageSets) -> NDArray[np.float64]:
        vectors = self.vectors()
        return sum_sets(vectors.embeddings, vectors.inverse_lengths, sets)

    def _sum_of_all(self) -> NDArray[np.float64]:
        if self._whole is None:
            vectors = self.vectors()
            self._whole = sum_rows(vectors.embeddings, vectors.inverse_lengths, np.arange(self._reader.image_count))
        return self._whole

    def _ranked(self, layer: LayerInfo, unit: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Images and activations of a neuron in its blocks up to `last`, activation descending."""
        neuron = layer.first_neuron + unit
        if last:
            return self._arrays.ranked(neuron, 0, last)
        images, activations = self._blocks.get(np.array([neuron * self._arrays.blocks_each]))
        return images[0, : self._reader.image_count], activations[0, : self._reader.image_count]

    def _with_rung(self, boundary: int) -> int:
        """The last block that the sum of a neuron's images needs which end in the block `boundary`."""
        if (boundary + 1) * BLOCK <= SUMMED_OF_ONE:
            return boundary
        _, ranks = self._nearest_rungs(np.array([(boundary + 1) * BLOCK]))
        return max(boundary, (int(ranks[0]) - 1) // BLOCK)

    def _between(
        self, layer: LayerInfo, units: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]
    ) -> ImageSets:
        """The images of some units from rank `low` up to before `high`, from 0, [n] each."""
        first = low // BLOCK
        sizes = np.where(high > low, -(-high // BLOCK) - first, 0)
        rows = ranges(self._first_block(layer) + units * self._arrays.blocks_each + first, sizes)
        blocks, _ = self._blocks.get(rows) if sizes.max(initial=0) <= 1 else self._arrays.blocks(rows)
        places = (np.cumsum(sizes) - sizes) * BLOCK + low - first * BLOCK
        images = blocks.reshape(-1)[ranges(places, high - low)].astype(np.int32, copy=False)
        return ImageSets(images, np.concatenate([[0], np.cumsum(high - low)]))

    def _first_block(self, layer: LayerInfo) -> int:
        return layer.first_neuron * self._arrays.blocks_each

    def _thresholds(self, layer: LayerInfo, alpha: float) -> NDArray[np.float64]:
        return threshold_between(self._reader.minima[layer.neurons], self._reader.maxima[layer.neurons], alpha)

    def _boundaries(
        self, layer: LayerInfo, units: NDArray[np.int64], thresholds: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The block in which each unit's images above τ end; 0 if it has none."""
        tops = self._layer_tops(layer)
        tops = tops if len(units) == len(tops) else tops[units]
        blocks: NDArray[np.int64] = np.count_nonzero(tops > _rounded_down(thresholds)[:, None], axis=1)
        return np.maximum(blocks - 1, 0)

    def _nearest_rungs(self, counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rung nearest to each count, and its rank. Rung 0 is the empty sum; rung i is the stored sum i − 1."""
        ranks = np.concatenate([[0], self._arrays.rungs])
        rungs = np.searchsorted((ranks[1:] + ranks[:-1]) / 2, counts)
        rungs[counts <= _SUMMED] = 0
        return rungs, ranks[rungs]

    def _layer_tops(self, layer: LayerInfo) -> NDArray[np.float32]:
        if layer.position not in self._tops:
            self._tops[layer.position] = self._arrays.tops(layer.first_neuron, layer.units)
        return self._tops[layer.position]


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The highest float32 that is no more than each: the same float32 activations lie above both."""
    narrow = thresholds.astype(np.float32)
    return np.where(narrow > thresholds, np.nextafter(narrow, np.float32(-np.inf)), narrow)
