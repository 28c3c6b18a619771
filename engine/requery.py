"""Live answers from a run file: one neuron, or a whole layer, at any α and β. Without torch."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import scoring
from engine.neuron_name import find_layer, find_unit
from engine.selection import check_cut, threshold_between
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

    A neuron's representatives are the first of its sorted images, so their mean embedding is the nearest stored
    partial sum plus or minus a few rows. At the run's own α and β the stored answers are given. Nothing is loaded
    before it is needed. Any thread may ask.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._loading = threading.Lock()
        self._vectors: _Vectors | None = None
        self._tops: dict[str, NDArray[np.float32]] = {}

    def warm(self) -> None:
        """Loads what the first answer away from the run's own α and β would load."""
        self._loaded()
        for layer in self._reader.layers:
            self._layer_tops(layer)

    def neuron(self, layer: str, unit: int, alpha: float, beta: float) -> NeuronAnswer:
        """Raises ValueError for an α or β outside [0, 1], MammiError for an unknown neuron."""
        check_cut("alpha", alpha)
        check_cut("beta", beta)
        info = find_layer(layer, self._reader.layers)
        find_unit(unit, info)
        neuron = info.first_neuron + unit
        tau = self._threshold(neuron, alpha)
        images, activations = self._representatives(info, unit, tau)
        scores = self._scores(neuron, images, alpha)
        ranking = scoring.rank(scores)
        cut = scoring.cut(scores, beta)
        annotated = len(scoring.annotate(scores, beta))
        return NeuronAnswer(
            *(layer, unit, alpha, beta, bool(info.dead[unit]), tau),
            *(images.astype(np.int64), activations, scores, ranking, annotated, cut),
        )

    def layer(self, layer: str, alpha: float, beta: float) -> LayerAnswer:
        """Raises ValueError for an α or β outside [0, 1], MammiError for an unknown layer."""
        check_cut("alpha", alpha)
        check_cut("beta", beta)
        info = find_layer(layer, self._reader.layers)
        own = self._reader.own
        if (alpha, beta) == (self._reader.info.alpha, self._reader.info.beta):
            part = slice(info.first_neuron, info.first_neuron + info.units)
            stored = (own.counts[part], own.best[part], own.best_scores[part], own.annotated[part])
            return LayerAnswer(layer, alpha, beta, *stored)
        answers = [self.neuron(layer, unit, alpha, beta) for unit in range(info.units)]
        return LayerAnswer(
            *(layer, alpha, beta),
            np.array([len(answer.images) for answer in answers], dtype=np.int64),
            np.array([answer.ranking[0] if len(answer.ranking) else -1 for answer in answers], dtype=np.int64),
            np.array([answer.scores.max(initial=-np.inf) if len(answer.scores) else 0.0 for answer in answers]),
            np.array([answer.annotated for answer in answers], dtype=np.int64),
        )

    def _threshold(self, neuron: int, alpha: float) -> float:
        return threshold_between(float(self._reader.minima[neuron]), float(self._reader.maxima[neuron]), alpha)

    def _representatives(
        self, layer: LayerInfo, unit: int, tau: float
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        last = int(np.count_nonzero(self._layer_tops(layer)[unit] > tau)) - 1
        if last < 0:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        images, activations = self._reader.blocks(layer.first_neuron + unit, 0, last)
        count = last * BLOCK + int(np.count_nonzero(activations[last * BLOCK :] > tau))
        return images[:count], activations[:count]

    def _scores(self, neuron: int, images: NDArray[np.int32], alpha: float) -> NDArray[np.float64]:
        if len(images) == 0:
            return np.empty(0)
        if alpha == self._reader.info.alpha:
            return self._reader.own_scores(neuron)
        vectors = self._loaded()
        return scoring.score_mean(self._sum(vectors, neuron, images) / len(images), vectors.directions)

    def _sum(self, vectors: _Vectors, neuron: int, images: NDArray[np.int32]) -> NDArray[np.float64]:
        rank = int(self._reader.rungs[self._reader.rungs <= len(images)].max(initial=0))
        total = sum_rows(vectors.embeddings, vectors.inverse_lengths, images[rank:])
        return total + self._reader.partial_sums([neuron], [rank])[0] if rank else total

    def _layer_tops(self, layer: LayerInfo) -> NDArray[np.float32]:
        if layer.name not in self._tops:
            self._tops[layer.name] = self._reader.tops(layer)
        return self._tops[layer.name]

    def _loaded(self) -> _Vectors:
        with self._loading:
            if self._vectors is None:
                embeddings = self._reader.image_embeddings()
                directions = scoring.concept_directions(*self._reader.text_embeddings())
                self._vectors = _Vectors(embeddings, inverse_lengths(embeddings), directions)
            return self._vectors


@dataclass(frozen=True, slots=True)
class _Vectors:
    embeddings: NDArray[np.float32]
    """Of the images, [p, d]"""
    inverse_lengths: NDArray[np.float64]
    """[p]"""
    directions: NDArray[np.float64]
    """t_j − t_tem, [m, d]"""
