"""Live answers from a run file, without torch: for one neuron or a whole layer, at any cuts."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring
from engine.annotation.competing import Competing, Words
from engine.annotation.cuts import Cuts
from engine.annotation.image_sets import ImageSets
from engine.annotation.layer_means import KeptMeans, LayerMeans
from engine.annotation.selection import above, check_cut, threshold_between
from engine.names import find_concept_set, find_layer, find_unit
from engine.store.ladder import inverse_lengths, sum_rows
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK


@dataclass(frozen=True, slots=True, eq=False)
class NeuronAnswer:
    """The representative images, scores and annotation of one neuron."""

    layer: str
    unit: int
    cuts: Cuts
    dead: bool
    threshold: float
    """τ of Eq. 1; for a dead unit its constant activation"""
    images: NDArray[np.int64]
    """The representative images, activation descending, [n]"""
    activations: NDArray[np.float32]
    """Their activations, [n]"""
    scores: NDArray[np.float64]
    """The score of every concept of the run, by concept index, [m]; [0] without representative images"""
    ranking: NDArray[np.int64]
    """The competing concepts, score descending, ties in the concept set's order; [0] without representative images"""
    annotated: int
    """The first `annotated` of `ranking` are the annotation"""
    cut: float
    """β·max(scores in `ranking`); 0 when nothing is annotated"""


@dataclass(frozen=True, slots=True, eq=False)
class LayerAnswer:
    """What every unit of a layer has at some cuts."""

    layer: str
    cuts: Cuts
    counts: NDArray[np.int64]
    """The number of representative images, [units]; 0 for a dead unit"""
    best: NDArray[np.int64]
    """The best concept's index, [units]; −1 if there is none"""
    best_scores: NDArray[np.float64]
    """The best concept's score, [units]; 0 if there is none"""
    words: Words
    """The annotated concepts of each unit"""

    @property
    def annotated(self) -> NDArray[np.int64]:
        """The number of concepts in each unit's annotation, [units]."""
        return np.diff(self.words.ends, prepend=0)


class Requery:
    """Answers over an open run file, equal to the pure functions of engine.annotation.

    A neuron's representative images are the first of its sorted images. So the sum of their embeddings is the nearest
    stored partial sum plus or minus a few rows. At the run's own cuts the answers are the stored ones. With
    `cuts.concept_set` only the concepts of that set compete, as if the run had no others. Nothing is loaded before it
    is needed. Any thread may ask.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._arrays = reader.arrays
        self._loading = threading.Lock()
        self._vectors: Vectors | None = None
        self._members: dict[str | None, NDArray[np.int64]] = {None: np.arange(len(reader.concepts))}
        self._members |= {each.name: np.array(each.concepts, dtype=np.int64) for each in reader.concept_sets}
        """Each set's concepts in its order"""
        self._competing: dict[str | None, Competing] = {}
        self._tops: dict[int, NDArray[np.float32]] = {}
        self._kept_means = KeptMeans()
        self._last_scores: tuple[LayerMeans, str | None, NDArray[np.float64]] | None = None

    def warm(self) -> None:
        """Loads what the first answer away from the run's own cuts would have to load."""
        self.competing(None)
        for layer in self._reader.layers:
            self._layer_tops(layer)

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> NeuronAnswer:
        """Answers for one neuron. Raises MammiError for an unknown neuron or concept set."""
        info = find_layer(layer, self._reader.layers)
        find_unit(unit, info)
        neuron = info.first_neuron + unit
        members = self.members(cuts.concept_set)
        tau = self._thresholds(info, cuts.alpha)[unit : unit + 1]
        boundary = int(self._boundaries(info, np.array([unit]), tau)[0])
        images, activations = self._arrays.ranked(neuron, 0, boundary)
        count = int(np.count_nonzero(above(activations, tau)))
        scores = self._neuron_scores(neuron, cuts.alpha, images, count)
        if count == 0:
            members = members[:0]
        among = scores[members]
        return NeuronAnswer(
            *(layer, unit, cuts, bool(info.dead[unit]), float(tau[0])),
            images=images[:count].astype(np.int64),
            activations=activations[:count],
            scores=scores,
            ranking=members[scoring.rank(among)],
            annotated=len(scoring.annotate(among, cuts.beta)),
            cut=scoring.cut(among, cuts.beta),
        )

    def layer(self, layer: str, cuts: Cuts) -> LayerAnswer:
        """Answers for every unit of a layer. A change of β alone cuts the last scores again.

        Raises MammiError for an unknown layer or concept set.
        """
        info = find_layer(layer, self._reader.layers)
        everything = np.array_equal(self.members(cuts.concept_set), self._members[None])
        if everything and replace(cuts, concept_set=None) == self._reader.info.cuts:
            own, part = self._reader.own, info.neurons
            words = Words.of(info.units, *self._arrays.own_words(info))
            return LayerAnswer(layer, cuts, own.counts[part], own.best[part], own.best_scores[part], words)
        means, scores = self.scores(info, cuts.alpha, cuts.concept_set)
        best, best_scores, words = self.competing(cuts.concept_set).annotations(scores, cuts.beta)
        best = np.where(means.counts > 0, best, -1)
        return LayerAnswer(layer, cuts, means.counts, best, best_scores, words)

    def _neuron_scores(self, neuron: int, alpha: float, images: NDArray[np.int32], count: int) -> NDArray[np.float64]:
        """The concept scores [m] of a neuron's first `count` images; [0] if there are none. `images` come in blocks."""
        if count == 0:
            return np.empty(0)
        if alpha == self._reader.info.alpha:
            return self._arrays.own_scores(neuron)
        vectors = self.vectors()
        rungs, ranks = self._nearest_rungs(np.array([count]))
        rank = int(ranks[0])
        if rank > len(images):
            beyond, _ = self._arrays.ranked(neuron, len(images) // BLOCK, (rank - 1) // BLOCK)
            images = np.concatenate([images, beyond])
        total = self._partial_sums(np.array([neuron]), rungs)[0] + _rest(vectors, images, count, rank)
        return scoring.score_mean(total / count, vectors.directions)

    def means(self, layer: LayerInfo, alpha: float) -> LayerMeans:
        """The mean embedding of each unit's representative images. Those of several layers at the last α are kept.

        Raises ValueError for an α outside [0, 1].
        """
        check_cut("alpha", alpha)
        found = self._kept_means.get(layer.position, alpha) or self._layer_means(layer, alpha, self.vectors())
        self._kept_means.keep(layer.position, alpha, found)
        return found

    def scores(self, layer: LayerInfo, alpha: float, concept_set: str | None) -> tuple[LayerMeans, NDArray[np.float64]]:
        """A layer's means at α, and each unit's score for each distinct competing direction, [units, k].

        The last answer is kept. Raises as `means` and `competing` do.
        """
        means = self.means(layer, alpha)
        last = self._last_scores
        if last is None or last[0] is not means or last[1] != concept_set:
            scores = self.competing(concept_set).scores(means.means)
            last = self._last_scores = (means, concept_set, scores)
        return means, last[2]

    def image_sets(self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64]) -> ImageSets:
        """The `counts` [n] most activating images of each of the `units` [n] of a layer, which ascend."""
        sizes = -(-counts // BLOCK)
        firsts = (layer.first_neuron + units) * self._arrays.blocks_each
        blocks, _ = self._arrays.blocks(_ranges(firsts, sizes))
        first_ranks = (np.cumsum(sizes) - sizes) * BLOCK
        images = blocks.reshape(-1)[_ranges(first_ranks, counts)].astype(np.int32, copy=False)
        return ImageSets(images, np.concatenate([[0], np.cumsum(counts)]))

    def strongest(self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64], least: int) -> ImageSets:
        """`image_sets`, each filled up to the unit's `least` ≤ BLOCK strongest images; none at its lowest activation
        is added."""
        neurons = layer.first_neuron + units
        _, activations = self._arrays.blocks(neurons * self._arrays.blocks_each)
        higher = np.count_nonzero(activations[:, :least] > self._reader.minima[neurons, None], axis=1)
        return self.image_sets(layer, units, np.maximum(counts, higher))

    def _layer_means(self, layer: LayerInfo, alpha: float, vectors: Vectors) -> LayerMeans:
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
        return LayerMeans(all_counts, means)

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
        """The block in which each unit's representative images end; 0 if it has none."""
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

    def vectors(self) -> Vectors:
        """The run's image embeddings and concept directions. They are loaded once."""
        with self._loading:
            if self._vectors is None:
                embeddings = self._arrays.image_embeddings()
                texts, bare = self._arrays.text_embeddings()
                directions, template = scoring.concept_directions(texts, bare), scoring.unit_rows(bare)
                self._vectors = Vectors(embeddings, inverse_lengths(embeddings), directions, template)
            return self._vectors

    def members(self, concept_set: str | None) -> NDArray[np.int64]:
        """Indices of the competing concepts, in their set's order. Raises MammiError for an unknown concept set."""
        if concept_set not in self._members:
            find_concept_set(str(concept_set), self._reader.concept_sets)
        return self._members[concept_set]

    def competing(self, concept_set: str | None) -> Competing:
        """The competing concepts, grouped by direction. Raises MammiError for an unknown concept set."""
        if concept_set not in self._competing:
            self._competing[concept_set] = Competing.of(self.vectors().directions, self.members(concept_set))
        return self._competing[concept_set]


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What all answers are computed from."""

    embeddings: NDArray[np.float32]
    """The images' embeddings, [p, d]"""
    inverse_lengths: NDArray[np.float64]
    """1 / the length of each embedding, [p]"""
    directions: NDArray[np.float64]
    """t_j − t_tem, [m, d]"""
    template: NDArray[np.float64]
    """t_tem, [d]; zeros where it is not subtracted"""


def _rest(vectors: Vectors, images: NDArray[np.int32], count: int, rank: int) -> NDArray[np.float64]:
    """The sum of the first `count` images minus the sum of the first `rank` images, [d]."""
    if count >= rank:
        return sum_rows(vectors.embeddings, vectors.inverse_lengths, images[rank:count])
    return -sum_rows(vectors.embeddings, vectors.inverse_lengths, images[count:rank])


def _ranges(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranges [start, start + size) one after another."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(sizes.sum())
