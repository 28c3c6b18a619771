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
from engine.annotation.image_sets import ImageSets
from engine.annotation.layer_means import LayerMeans
from engine.annotation.rows import Rows
from engine.annotation.selection import above, threshold_between
from engine.store.ladder import inverse_lengths, sum_rows
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What all answers are computed from."""

    embeddings: Rows
    """The images' embeddings, [p, d]"""
    inverse_lengths: NDArray[np.float64]
    """1 / the length of each embedding, [p]"""
    directions: NDArray[np.float64]
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
        self._vectors: Vectors | None = None
        self._tops: dict[int, NDArray[np.float32]] = {}

    def vectors(self) -> Vectors:
        """The run's image embeddings and concept directions. They are loaded once."""
        with self._loading:
            if self._vectors is None:
                embeddings = self._arrays.image_embeddings()
                texts, bare = self._arrays.text_embeddings()
                directions, template = scoring.concept_directions(texts, bare), scoring.unit_rows(bare)
                lengths = self._arrays.inverse_lengths()
                lengths = inverse_lengths(embeddings) if lengths is None else lengths
                self._vectors = Vectors(embeddings, lengths, directions, template)
            return self._vectors

    def warm(self) -> None:
        """Loads what the first answer about any layer would have to load."""
        self.vectors()
        for layer in self._reader.layers:
            self._layer_tops(layer)

    def neuron(self, layer: LayerInfo, unit: int, cuts: Cuts) -> NeuronImages:
        """The representative images of one neuron."""
        neuron = layer.first_neuron + unit
        tau = self._thresholds(layer, cuts.alpha)[unit : unit + 1]
        images, activations = np.empty(0, np.int32), np.empty(0, np.float32)
        count = 0
        if cuts.selection.rule != "top":
            boundary = int(self._boundaries(layer, np.array([unit]), tau)[0])
            images, activations = self._arrays.ranked(neuron, 0, boundary)
            count = int(np.count_nonzero(above(activations, tau)))
        threshold = float(tau[0])
        if cuts.selection.rule != "tau":
            dead = bool(layer.dead[unit])
            count = 0 if dead else int(cuts.selection.taken(np.array(count), self._reader.image_count))
            if count > len(images):
                images, activations = self._arrays.ranked(neuron, 0, (count - 1) // BLOCK)
            threshold = threshold if dead else float(activations[count - 1])
        return NeuronImages(threshold, count, images, activations)

    def sum_of(self, neuron: int, found: NeuronImages) -> NDArray[np.float64]:
        """The sum of the unit embeddings of a neuron's representative images, at least one, [d]."""
        images = found.images
        rungs, ranks = self._nearest_rungs(np.array([found.count]))
        rank = int(ranks[0])
        if rank > len(images):
            beyond, _ = self._arrays.ranked(neuron, len(images) // BLOCK, (rank - 1) // BLOCK)
            images = np.concatenate([images, beyond])
        stored: NDArray[np.float64] = self._partial_sums(np.array([neuron]), rungs)[0]
        return stored + _rest(self.vectors(), images, found.count, rank)

    def sets(self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64]) -> ImageSets:
        """The `counts` [n] most activating images of each of the `units` [n] of a layer, which ascend."""
        sizes = -(-counts // BLOCK)
        firsts = (layer.first_neuron + units) * self._arrays.blocks_each
        blocks, _ = self._arrays.blocks(_ranges(firsts, sizes))
        first_ranks = (np.cumsum(sizes) - sizes) * BLOCK
        images = blocks.reshape(-1)[_ranges(first_ranks, counts)].astype(np.int32, copy=False)
        return ImageSets(images, np.concatenate([[0], np.cumsum(counts)]))

    def strongest(
        self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64], least: int, alpha: float
    ) -> ImageSets:
        """`sets`, each filled up to the unit's `least` ≤ BLOCK strongest images, as far as they lie above τ at α."""
        neurons = layer.first_neuron + units
        _, activations = self._arrays.blocks(neurons * self._arrays.blocks_each)
        tau = threshold_between(self._reader.minima[neurons], self._reader.maxima[neurons], alpha)
        higher = np.count_nonzero(above(activations[:, :least], tau[:, None]), axis=1)
        return self.sets(layer, units, np.maximum(counts, higher))

    def means(self, layer: LayerInfo, cuts: Cuts) -> LayerMeans:
        """The number of each unit's representative images and the mean of their unit embeddings."""
        units, boundaries, images, counts = self._counted(layer, cuts)
        neurons = layer.first_neuron + units
        rungs, ranks = self._nearest_rungs(counts)
        totals = self._partial_sums(neurons, rungs)
        rests = self._rests(self.vectors(), neurons, boundaries, images, counts, ranks)
        all_counts = np.zeros(layer.units, dtype=np.int64)
        all_counts[units] = counts
        means = np.zeros((layer.units, self._reader.info.dimension))
        means[units] = (totals + rests) / counts[:, None]
        return LayerMeans(all_counts, means)

    def _counted(
        self, layer: LayerInfo, cuts: Cuts
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """The n units that have representative images, the block in which those end, its images [n, BLOCK], and their
        number, [n] each."""
        thresholds = self._thresholds(layer, cuts.alpha)
        maxima = self._reader.maxima[layer.neurons]
        units = np.flatnonzero(maxima > thresholds if cuts.selection.rule == "tau" else ~layer.dead)
        firsts = (layer.first_neuron + units) * self._arrays.blocks_each
        counts = boundaries = np.zeros(len(units), dtype=np.int64)
        images = np.empty((0, BLOCK), np.int32)
        if cuts.selection.rule != "top":
            boundaries = self._boundaries(layer, units, thresholds[units])
            images, activations = self._arrays.blocks(firsts + boundaries)
            counts = boundaries * BLOCK + above(activations, thresholds[units, None]).sum(axis=1)
        if cuts.selection.rule != "tau":
            counts = cuts.selection.taken(counts, self._reader.image_count)
            before, boundaries = boundaries, (counts - 1) // BLOCK
            if len(images) < len(units) or not np.array_equal(before, boundaries):
                images, _ = self._arrays.blocks(firsts + boundaries)
        return units, boundaries, images, counts

    def _rests(
        self,
        vectors: Vectors,
        neurons: NDArray[np.int64],
        boundaries: NDArray[np.int64],
        images: NDArray[np.int32],
        counts: NDArray[np.int64],
        ranks: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """`_rest` for each neuron, [n, d]. `images` [n, BLOCK] are the boundary blocks. For a rung outside its neuron's
        boundary block, the blocks between the two are read as well."""
        first = np.minimum(counts, ranks) // BLOCK
        last = (np.maximum(counts, ranks) - 1) // BLOCK
        outside = (first < boundaries) | (last > boundaries)
        sizes = np.where(outside, last - first + 1, 0)
        more, _ = self._arrays.blocks(_ranges(neurons * self._arrays.blocks_each + first, sizes))
        ends = np.cumsum(sizes)
        rests = np.zeros((len(neurons), self._reader.info.dimension))
        for row in range(len(neurons)):
            if outside[row]:
                around, offset = more[ends[row] - sizes[row] : ends[row]].reshape(-1), first[row] * BLOCK
            else:
                around, offset = images[row], boundaries[row] * BLOCK
            rests[row] = _rest(vectors, around, int(counts[row] - offset), int(ranks[row] - offset))
        return rests

    def _thresholds(self, layer: LayerInfo, alpha: float) -> NDArray[np.float64]:
        return threshold_between(self._reader.minima[layer.neurons], self._reader.maxima[layer.neurons], alpha)

    def _boundaries(
        self, layer: LayerInfo, units: NDArray[np.int64], thresholds: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The block in which each unit's images above τ end; 0 if it has none."""
        tops = self._layer_tops(layer)[units]
        blocks: NDArray[np.int64] = above(tops, thresholds[:, None]).sum(axis=1)
        return np.maximum(blocks - 1, 0)

    def _nearest_rungs(self, counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rung nearest to each count, and its rank. Rung 0 is the empty sum; rung i is the stored sum i − 1."""
        ranks = np.concatenate([[0], self._arrays.rungs])
        rungs = np.searchsorted((ranks[1:] + ranks[:-1]) / 2, counts)
        return rungs, ranks[rungs]

    def _partial_sums(self, neurons: NDArray[np.int64], rungs: NDArray[np.int64]) -> NDArray[np.float64]:
        """The partial sum at each neuron's rung, [n, d]."""
        sums = np.zeros((len(rungs), self._reader.info.dimension))
        stored = rungs > 0
        sums[stored] = self._arrays.partial_sums(neurons[stored] * len(self._arrays.rungs) + rungs[stored] - 1)
        return sums

    def _layer_tops(self, layer: LayerInfo) -> NDArray[np.float32]:
        if layer.position not in self._tops:
            self._tops[layer.position] = self._arrays.tops(layer.first_neuron, layer.units)
        return self._tops[layer.position]


def _rest(vectors: Vectors, images: NDArray[np.int32], count: int, rank: int) -> NDArray[np.float64]:
    """The sum of the first `count` images minus the sum of the first `rank` images, [d]."""
    if count >= rank:
        return sum_rows(vectors.embeddings, vectors.inverse_lengths, images[rank:count])
    return -sum_rows(vectors.embeddings, vectors.inverse_lengths, images[count:rank])


def _ranges(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranges [start, start + size) one after another."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(sizes.sum())
