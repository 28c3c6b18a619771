"""Live answers from a run file, without torch: for one neuron or a whole layer, at any cuts."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, standing
from engine.annotation.competing import Competing, Words
from engine.annotation.cuts import Cuts, Ranking
from engine.annotation.layer_means import KeptMeans, LayerMeans
from engine.annotation.standing import Moments
from engine.chosen_images import ChosenImages, NeuronImages
from engine.names import find_concept_set, find_layer, find_unit
from engine.store.reader import RunReader
from engine.store.records import LayerInfo


@dataclass(frozen=True, slots=True, eq=False)
class NeuronAnswer:
    """The representative images, scores and annotation of one neuron."""

    layer: str
    unit: int
    cuts: Cuts
    dead: bool
    threshold: float
    """τ of Eq. 1; for a dead unit its constant activation; with another selection the lowest activation taken"""
    images: NDArray[np.int64]
    """The representative images, activation descending, [n]"""
    activations: NDArray[np.float32]
    """Their activations, [n]"""
    scores: NDArray[np.float64]
    """Eq. 2's score of every concept of the run, by concept index, [m]; [0] without representative images"""
    z_scores: NDArray[np.float64]
    """How far each lies above those of random image sets of the same size (engine.annotation.standing), [m]; [0]
    without representative images"""
    ranking: NDArray[np.int64]
    """The competing concepts, by what `cuts.ranking` names, descending, ties in the concept set's order; [0] without
    representative images"""
    annotated: int
    """The first `annotated` of `ranking` are the annotation"""
    cut: float
    """β·the best of what concepts are ranked by; 0 when nothing is annotated"""

    @property
    def ranked_by(self) -> NDArray[np.float64]:
        """What the concepts are ranked and cut by, [m]: `scores` or `z_scores`."""
        return self.z_scores if self.cuts.ranking == "z" else self.scores


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
    """The best concept's score by Eq. 2, [units]; 0 if there is none"""
    best_z: NDArray[np.float64]
    """The best concept's z, [units]; 0 if there is none"""
    words: Words
    """The annotated concepts of each unit"""

    @property
    def annotated(self) -> NDArray[np.int64]:
        """The number of concepts in each unit's annotation, [units]."""
        return np.diff(self.words.ends, prepend=0)


class Requery:
    """Answers over an open run file, equal to the pure functions of engine.annotation.

    At the run's own cuts the answers are the stored ones. With `cuts.concept_set` only the concepts of that set
    compete, as if the run had no others. Nothing is loaded before it is needed. Any thread may ask.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._arrays = reader.arrays
        self._chosen = ChosenImages(reader)
        self._loading = threading.Lock()
        self._moments: Moments | None = None
        self._members: dict[str | None, NDArray[np.int64]] = {None: np.arange(len(reader.concepts))}
        self._members |= {each.name: np.array(each.concepts, dtype=np.int64) for each in reader.concept_sets}
        """Each set's concepts in its order"""
        self._competing: dict[tuple[str | None, Ranking], Competing] = {}
        self._kept_means = KeptMeans()
        self._last_scores: tuple[LayerMeans, str | None, Ranking, NDArray[np.float64]] | None = None
        self.vectors = self._chosen.vectors
        self.image_sets = self._chosen.sets
        self.strongest = self._chosen.strongest

    def warm(self) -> None:
        """Loads what the first answer away from the run's own cuts would have to load."""
        self.competing(None, self._reader.info.ranking)
        self._chosen.warm()

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> NeuronAnswer:
        """Answers for one neuron. Raises MammiError for an unknown neuron or concept set."""
        info = find_layer(layer, self._reader.layers)
        find_unit(unit, info)
        members = self.members(cuts.concept_set)
        found = self._chosen.neuron(info, unit, cuts)
        scores = self._neuron_scores(info.first_neuron + unit, cuts, found)
        z = self.moments().z_scores(scores, found.count) if found.count else np.empty(0)
        if found.count == 0:
            members = members[:0]
        among = (z if cuts.ranking == "z" else scores)[members]
        return NeuronAnswer(
            *(layer, unit, cuts, bool(info.dead[unit]), found.threshold),
            images=found.images[: found.count].astype(np.int64),
            activations=found.activations[: found.count],
            scores=scores,
            z_scores=z,
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
            best, scores = own.best[part], own.best_scores[part]
            return LayerAnswer(
                layer, cuts, own.counts[part], best, scores, self._z_of(best, scores, own.counts[part]), words
            )
        means, ranked = self.scores(info, cuts)
        best, _, words = self.competing(cuts.concept_set, cuts.ranking).annotations(ranked, cuts.beta)
        best = np.where(means.counts > 0, best, -1)
        scores = np.einsum("ud,ud->u", means.means, np.where(best[:, None] < 0, 0, self.vectors().directions[best]))
        return LayerAnswer(layer, cuts, means.counts, best, scores, self._z_of(best, scores, means.counts), words)

    def some(self, layer: str, units: NDArray[np.int64], cuts: Cuts) -> LayerAnswer:
        """As `layer`, for these units of it alone, [n], in their order: the rows on screen.

        Raises MammiError for an unknown layer or concept set.
        """
        whole = self.layer(layer, cuts)
        words = [whole.words.of_unit(unit) for unit in units.tolist()]
        ends = np.cumsum([len(each) for each in words], dtype=np.int64)
        return replace(
            whole,
            counts=whole.counts[units],
            best=whole.best[units],
            best_scores=whole.best_scores[units],
            best_z=whole.best_z[units],
            words=Words(ends, np.array([concept for each in words for concept in each], dtype=np.int64)),
        )

    def _z_of(
        self, concepts: NDArray[np.int64], scores: NDArray[np.float64], counts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """z of one concept for each unit, [units] each; 0 for concept −1."""
        if not len(self._reader.concepts):
            return np.zeros(len(concepts))
        found = self.moments().of(concepts)
        z = Moments(found.images, found.means[:, None], found.deviations[:, None]).z_scores(scores[:, None], counts)
        return np.where(concepts < 0, 0.0, z[:, 0])

    def _neuron_scores(self, neuron: int, cuts: Cuts, found: NeuronImages) -> NDArray[np.float64]:
        """The concept scores [m] over a neuron's representative images; [0] if there are none."""
        if found.count == 0:
            return np.empty(0)
        if cuts.reach == self._reader.info.cuts.reach:
            return self._arrays.own_scores(neuron)
        total = self._chosen.sum_of(neuron, found)
        return scoring.score_mean(total / found.count, self.vectors().directions)

    def means(self, layer: LayerInfo, cuts: Cuts) -> LayerMeans:
        """The mean embedding of each unit's representative images. Those of several layers, over the images chosen
        last, are kept."""
        found = self._kept_means.get(layer.position, cuts.reach) or self._chosen.means(layer, cuts)
        self._kept_means.keep(layer.position, cuts.reach, found)
        return found

    def scores(self, layer: LayerInfo, cuts: Cuts) -> tuple[LayerMeans, NDArray[np.float64]]:
        """A layer's means, and what each distinct competing direction is ranked by (Competing.scores), [units, k].

        The last answer is kept. Raises as `competing` does.
        """
        means = self.means(layer, cuts)
        last = self._last_scores
        if last is None or last[0] is not means or last[1:3] != (cuts.concept_set, cuts.ranking):
            scores = self.competing(cuts.concept_set, cuts.ranking).scores(means.means)
            last = self._last_scores = (means, cuts.concept_set, cuts.ranking, scores)
        return means, last[3]

    def moments(self) -> Moments:
        """Mean and standard deviation of every concept's score over all images, [m] each. They are loaded once; a run
        file of an earlier version does not hold them, and they are computed."""
        with self._loading:
            if self._moments is None:
                found = self._arrays.concept_moments()
                if found is None:
                    vectors = self.vectors()
                    spread = standing.spread_of(vectors.embeddings, vectors.inverse_lengths)
                    self._moments = standing.moments(*spread, vectors.directions, self._reader.image_count)
                else:
                    self._moments = Moments(self._reader.image_count, *found)
            return self._moments

    def members(self, concept_set: str | None) -> NDArray[np.int64]:
        """Indices of the competing concepts, in their set's order. Raises MammiError for an unknown concept set."""
        if concept_set not in self._members:
            find_concept_set(str(concept_set), self._reader.concept_sets)
        return self._members[concept_set]

    def competing(self, concept_set: str | None, ranking: Ranking) -> Competing:
        """The competing concepts, grouped by direction, with what they are ranked by.

        Raises MammiError for an unknown concept set.
        """
        if (concept_set, ranking) not in self._competing:
            if ranking == "z":
                found = self.competing(concept_set, "score").ranked_by_z(self.moments())
            else:
                found = Competing.of(self.vectors().directions, self.members(concept_set))
            self._competing[concept_set, ranking] = found
        return self._competing[concept_set, ranking]
