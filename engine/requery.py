"""Live answers from a run file: one neuron, or a whole layer, at any α and β. Without torch."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import scoring
from engine.neuron_name import find_layer, find_unit
from engine.selection import above, check_cut, threshold_between
from engine.store.ladder import inverse_lengths, sum_rows
from engine.store.reader import LayerInfo, RunReader
from engine.store.schema import BLOCK


@dataclass(frozen=True, slots=True, eq=False)
class NeuronAnswer:
    layer: str
    unit: int
    alpha: float
    beta: float
    dead: bool
    threshold: float
    """τ of Eq. 1; the constant activation of a dead unit"""
    images: NDArray[np.int64]
    """Representative images, activation descending"""
    activations: NDArray[np.float32]
    """Theirs"""
    scores: NDArray[np.float64]
    """[m] by concept index; [0] without representatives"""
    ranking: NDArray[np.int64]
    """All concepts, score descending, ties by index; [0] without representatives"""
    annotated: int
    """The first `annotated` of `ranking` are the annotation"""
    cut: float
    """β·max(scores); 0 when nothing is annotated"""


@dataclass(frozen=True, slots=True, eq=False)
class LayerAnswer:
    layer: str
    alpha: float
    beta: float
    counts: NDArray[np.int64]
    """[units] representatives; 0 for a dead unit"""
    best: NDArray[np.int64]
    """[units] index of the best concept, −1 when there is none"""
    best_scores: NDArray[np.float64]
    """[units] its score, 0 when there is none"""
    annotated: NDArray[np.int64]
    """[units] size of the annotation"""


class Requery:
    """Answers over an open run file, equal to the pure functions of engine.selection and engine.scoring.

    A neuron's representatives are the first of its sorted images, so their sum of embeddings is the nearest stored
    partial sum plus or minus a few rows. At the run's own α and β the stored answers are given. Nothing is loaded
    before it is needed. Any thread may ask.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._arrays = reader.arrays
        self._loading = threading.Lock()
        self._vectors: _Vectors | None = None
        self._tops: dict[int, NDArray[np.float32]] = {}
        self._last_layer: tuple[int, float, _LayerScores] | None = None

    def warm(self) -> None:
        """Loads what the first answer away from the run's own α and β would load."""
        self._loaded()
        for layer in self._reader.layers:
            self._layer_tops(layer)

    def neuron(self, layer: str, unit: int, alpha: float, beta: float) -> NeuronAnswer:
        """One neuron at α and β.

        Raises ValueError for an α or β outside [0, 1], MammiError for an unknown neuron.
        """
        check_cut("alpha", alpha)
        check_cut("beta", beta)
        info = find_layer(layer, self._reader.layers)
        find_unit(unit, info)
        neuron = info.first_neuron + unit
        tau = self._thresholds(info, alpha)[unit : unit + 1]
        boundary = int(self._boundaries(info, np.array([unit]), tau)[0])
        images, activations = self._arrays.ranked(neuron, 0, boundary)
        count = int(np.count_nonzero(above(activations, tau)))
        scores = self._neuron_scores(neuron, alpha, images, count)
        return NeuronAnswer(
            *(layer, unit, alpha, beta, bool(info.dead[unit]), float(tau[0])),
            images=images[:count].astype(np.int64),
            activations=activations[:count],
            scores=scores,
            ranking=scoring.rank(scores),
            annotated=len(scoring.annotate(scores, beta)),
            cut=scoring.cut(scores, beta),
        )

    def layer(self, layer: str, alpha: float, beta: float) -> LayerAnswer:
        """Every unit of a layer at α and β. Another β at the last α only cuts the same scores again.

        Raises ValueError for an α or β outside [0, 1], MammiError for an unknown layer.
        """
        check_cut("alpha", alpha)
        check_cut("beta", beta)
        info = find_layer(layer, self._reader.layers)
        if (alpha, beta) == (self._reader.info.alpha, self._reader.info.beta):
            own = self._reader.own
            part = info.neurons
            return LayerAnswer(
                *(layer, alpha, beta, own.counts[part], own.best[part], own.best_scores[part], own.annotated[part])
            )
        vectors = self._loaded()
        known = self._last_layer
        if known is None or known[:2] != (info.position, alpha):
            known = self._last_layer = (info.position, alpha, self._layer_scores(info, alpha, vectors))
        return _layer_answer(layer, alpha, beta, known[2], vectors)

    def _neuron_scores(self, neuron: int, alpha: float, images: NDArray[np.int32], count: int) -> NDArray[np.float64]:
        """Concept scores [m] of the first `count` of a neuron's sorted images, which end in whole blocks; or [0]."""
        if count == 0:
            return np.empty(0)
        if alpha == self._reader.info.alpha:
            return self._arrays.own_scores(neuron)
        vectors = self._loaded()
        rungs, ranks = self._nearest_rungs(np.array([count]))
        rank = int(ranks[0])
        if rank > len(images):
            beyond, _ = self._arrays.ranked(neuron, len(images) // BLOCK, (rank - 1) // BLOCK)
            images = np.concatenate([images, beyond])
        total = self._partial_sums(np.array([neuron]), rungs)[0] + _rest(vectors, images, count, rank)
        return scoring.score_mean(total / count, vectors.directions)

    def _layer_scores(self, layer: LayerInfo, alpha: float, vectors: _Vectors) -> _LayerScores:
        thresholds = self._thresholds(layer, alpha)
        units = np.flatnonzero(self._reader.maxima[layer.neurons] > thresholds)
        neurons = layer.first_neuron + units
        boundaries = self._boundaries(layer, units, thresholds[units])
        images, activations = self._arrays.blocks(neurons * self._arrays.blocks_each + boundaries)
        counts = boundaries * BLOCK + above(activations, thresholds[units, None]).sum(axis=1)
        rungs, ranks = self._nearest_rungs(counts)
        totals = self._partial_sums(neurons, rungs)
        rests = self._rests(vectors, neurons, boundaries, images, counts, ranks)
        all_counts = np.zeros(layer.units, dtype=np.int64)
        all_counts[units] = counts
        means = np.zeros((layer.units, self._reader.info.dimension))
        means[units] = (totals + rests) / counts[:, None]
        return _LayerScores(all_counts, means @ vectors.distinct.T)

    def _rests(
        self,
        vectors: _Vectors,
        neurons: NDArray[np.int64],
        boundaries: NDArray[np.int64],
        images: NDArray[np.int32],
        counts: NDArray[np.int64],
        ranks: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Of each neuron what `_rest` gives, [n, d]. `images` [n, BLOCK] are its boundary block; where the rung lies
        outside of it, the blocks from one to the other are read as well."""
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
        """The block of each unit in which its representatives end; 0 when it has none."""
        tops = self._layer_tops(layer)[units]
        blocks: NDArray[np.int64] = above(tops, thresholds[:, None]).sum(axis=1)
        return np.maximum(blocks - 1, 0)

    def _nearest_rungs(self, counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rung nearest to each count, and its rank. Rung 0 is the empty sum, rung i the (i−1)th stored one."""
        ranks = np.concatenate([[0], self._arrays.rungs])
        rungs = np.searchsorted((ranks[1:] + ranks[:-1]) / 2, counts)
        return rungs, ranks[rungs]

    def _partial_sums(self, neurons: NDArray[np.int64], rungs: NDArray[np.int64]) -> NDArray[np.float64]:
        """The sums at some neurons' rungs, [n, d]."""
        sums = np.zeros((len(rungs), self._reader.info.dimension))
        stored = rungs > 0
        sums[stored] = self._arrays.partial_sums(neurons[stored] * len(self._arrays.rungs) + rungs[stored] - 1)
        return sums

    def _layer_tops(self, layer: LayerInfo) -> NDArray[np.float32]:
        if layer.position not in self._tops:
            self._tops[layer.position] = self._arrays.tops(layer.first_neuron, layer.units)
        return self._tops[layer.position]

    def _loaded(self) -> _Vectors:
        with self._loading:
            if self._vectors is None:
                embeddings = self._arrays.image_embeddings()
                directions = scoring.concept_directions(*self._arrays.text_embeddings())
                self._vectors = _Vectors.of(embeddings, directions)
            return self._vectors


@dataclass(frozen=True, slots=True, eq=False)
class _Vectors:
    embeddings: NDArray[np.float32]
    """Of the images, [p, d]"""
    inverse_lengths: NDArray[np.float64]
    """[p]"""
    directions: NDArray[np.float64]
    """t_j − t_tem, [m, d]"""
    distinct: NDArray[np.float64]
    """The directions without repetition [k, d], in order of their first concept: a matrix product may round equal
    columns differently, and the first of equal concepts must stay the best."""
    first: NDArray[np.int64]
    """First concept with each distinct direction, [k]"""
    concepts: NDArray[np.int64]
    """Number of concepts with each distinct direction, [k]"""

    @classmethod
    def of(cls, embeddings: NDArray[np.float32], directions: NDArray[np.float64]) -> _Vectors:
        _, first, concepts = np.unique(directions, axis=0, return_index=True, return_counts=True)
        order = np.argsort(first)
        first = first[order]
        lengths = inverse_lengths(embeddings)
        return cls(embeddings, lengths, directions, directions[first], first, concepts[order])


@dataclass(frozen=True, slots=True, eq=False)
class _LayerScores:
    counts: NDArray[np.int64]
    scores: NDArray[np.float64]
    """[units, k] of the distinct directions; 0 without representatives"""


def _rest(vectors: _Vectors, images: NDArray[np.int32], count: int, rank: int) -> NDArray[np.float64]:
    """What the sum of the first `count` images has more than that of the first `rank`."""
    if count >= rank:
        return sum_rows(vectors.embeddings, vectors.inverse_lengths, images[rank:count])
    return -sum_rows(vectors.embeddings, vectors.inverse_lengths, images[count:rank])


def _ranges(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1, … for each start, `size` of them, one after the other."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(sizes.sum())


def _layer_answer(layer: str, alpha: float, beta: float, found: _LayerScores, vectors: _Vectors) -> LayerAnswer:
    best = found.scores.argmax(axis=1)
    best_scores = np.take_along_axis(found.scores, best[:, None], axis=1)[:, 0]
    cuts = np.where(best_scores > 0, beta * best_scores, np.inf)
    annotated = np.einsum("uk,k->u", found.scores > cuts[:, None], vectors.concepts)
    return LayerAnswer(
        *(layer, alpha, beta, found.counts, np.where(found.counts > 0, vectors.first[best], -1)),
        *(best_scores, annotated),
    )
