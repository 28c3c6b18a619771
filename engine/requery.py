"""Live answers from a run file, without torch: for one neuron or a whole layer, at any cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring
from engine.annotation.competing import Words
from engine.annotation.cuts import Cuts
from engine.annotation.layer_annotations import Annotations, Annotator
from engine.annotation.layer_means import KeptMeans, LayerMeans
from engine.annotation.leading import settled
from engine.annotation.standing import Moments
from engine.annotation.unit_scores import UnitScores
from engine.chosen_images import SUMMED_OF_ONE, ChosenImages, NeuronImages
from engine.competitors import Competitors
from engine.names import find_layer, find_unit
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

_MANY, _MANY_SUMMED = 10_000, 16_384
"""Concepts from which on to score them twice takes longer than to sum up so many images"""


@dataclass(frozen=True, slots=True, eq=False)
class NeuronAnswer:
    """The representative images, scores and annotation of one neuron."""

    layer: str
    unit: int
    cuts: Cuts
    why_dead: str
    """Why the unit is dead, in a few words; "" for a living one"""
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
    def dead(self) -> bool:
        return bool(self.why_dead)

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
        self._kept_means = KeptMeans()
        self._annotator = Annotator(reader.image_count)
        self._own_words: dict[int, Words] = {}
        self._last_scores: UnitScores | None = None
        competitors = Competitors(reader, self._chosen.vectors)
        self.members = competitors.members
        self.competing = competitors.competing
        self.moments = competitors.moments
        self.spread = competitors.spread
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
        scores = self._neuron_scores(info, unit, cuts, found)
        z = self.moments().z_scores(scores, found.count) if found.count else np.empty(0)
        if found.count == 0:
            members = members[:0]
        among = (z if cuts.ranking == "z" else scores)[members]
        cut = scoring.cut(among, cuts.beta)
        return NeuronAnswer(
            *(layer, unit, cuts, info.why_dead(unit), found.threshold),
            images=found.images[: found.count].astype(np.int64),
            activations=found.activations[: found.count],
            scores=scores,
            z_scores=z,
            ranking=members[scoring.rank(among)],
            annotated=int(np.count_nonzero(among > cut)) if cut or among.max(initial=0.0) > 0 else 0,
            cut=cut,
        )

    def layer(self, layer: str, cuts: Cuts) -> LayerAnswer:
        """Answers for every unit of a layer. A change of β alone cuts the last scores again.

        Raises MammiError for an unknown layer or concept set.
        """
        info = find_layer(layer, self._reader.layers)
        if self._is_own(cuts):
            if info.position not in self._own_words:
                self._own_words[info.position] = self._own_words_of(info, range(info.units))
            return self._own(info, cuts, info.neurons, self._own_words[info.position])
        means = self.means(info, cuts)
        found = self._annotator.layer(
            (info.position, cuts.concept_set, cuts.ranking),
            *(self.competing(cuts.concept_set, cuts.ranking), means, cuts.beta),
            lambda units: self._chosen.true_means(info, units, means.counts[units]),
        )
        return self._answer(info, cuts, found)

    def some(self, layer: str, units: NDArray[np.int64], cuts: Cuts) -> LayerAnswer:
        """As `layer`, for these units of it alone, [n], in their order: the rows on screen. It waits for no
        other answer.

        Raises MammiError for an unknown layer, unit or concept set.
        """
        info = find_layer(layer, self._reader.layers)
        for unit in (units.min(), units.max()) if len(units) else ():
            find_unit(int(unit), info)
        if self._is_own(cuts) and len(units) and not self.holds_own(layer):
            near = range(int(units.min()), int(units.max()) + 1)
            first = info.first_neuron
            neurons = slice(first + near.start, first + near.stop)
            return _of_units(self._own(info, cuts, neurons, self._own_words_of(info, near)), units - near.start)
        if self._is_own(cuts):
            return _of_units(self.layer(layer, cuts), units)
        competing = self.competing(cuts.concept_set, cuts.ranking)
        ascending, places = np.unique(units, return_inverse=True)
        means = self._means_of(info, ascending, self._chosen.counts(info, ascending, cuts))
        found = self._annotator.annotate(
            *(competing, means, np.arange(len(ascending)), cuts.beta),
            lambda some: self._chosen.true_means(info, ascending[some], means.counts[some]),
        )
        answer = self._answer(info, cuts, found)
        return answer if np.array_equal(ascending, units) else _of_units(answer, places.reshape(-1))

    def holds_own(self, layer: str) -> bool:
        """Whether a layer's answer at the run's own cuts has been read."""
        return find_layer(layer, self._reader.layers).position in self._own_words

    def _own_words_of(self, info: LayerInfo, units: range) -> Words:
        owners, concepts = self._arrays.own_words(info, units)
        return Words.of(len(units), owners - units.start, concepts)

    def _own(self, info: LayerInfo, cuts: Cuts, neurons: slice, words: Words) -> LayerAnswer:
        """The stored answer for some neurons of a layer."""
        own = self._reader.own
        found = Annotations(own.counts[neurons], own.best[neurons], own.best_scores[neurons], words)
        return self._answer(info, cuts, found)

    def _is_own(self, cuts: Cuts) -> bool:
        """Whether the answers are stored."""
        everything = np.array_equal(self.members(cuts.concept_set), self.members(None))
        return everything and replace(cuts, concept_set=None) == self._reader.info.cuts

    def _answer(self, info: LayerInfo, cuts: Cuts, found: Annotations) -> LayerAnswer:
        z = self._z_of(found.best, found.scores, found.counts)
        return LayerAnswer(info.name, cuts, found.counts, found.best, found.scores, z, found.words)

    def _z_of(
        self, concepts: NDArray[np.int64], scores: NDArray[np.float64], counts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """z of one concept for each unit, [units] each; 0 for concept −1."""
        if not len(self._reader.concepts):
            return np.zeros(len(concepts))
        found = self.moments().of(concepts)
        z = Moments(found.images, found.means[:, None], found.deviations[:, None]).z_scores(scores[:, None], counts)
        return np.where(concepts < 0, 0.0, z[:, 0])

    def _neuron_scores(self, info: LayerInfo, unit: int, cuts: Cuts, found: NeuronImages) -> NDArray[np.float64]:
        """The concept scores [m] over a neuron's representative images; [0] if there are none."""
        if found.count == 0:
            return np.empty(0)
        if cuts.reach == self._reader.info.cuts.reach:
            return self._chosen.own_scores(info.first_neuron + unit)
        directions, competing = self.vectors().directions, self.competing(cuts.concept_set, cuts.ranking)
        summed = SUMMED_OF_ONE if len(directions) < _MANY else _MANY_SUMMED
        mean, doubt = self._chosen.mean(info, unit, found, summed)
        scores = directions.products(mean)
        if doubt and not settled(competing, competing.of_scores(scores[competing.first]), doubt, cuts.beta):
            mean = self._chosen.true_means(info, np.array([unit]), np.array([found.count]))[0]
            scores = directions.products(mean)
        return scores

    def means(self, layer: LayerInfo, cuts: Cuts) -> LayerMeans:
        """The mean embedding of each unit's representative images. Those of the layers asked about last are kept, and
        only units whose images are others are computed again."""
        kept = self._kept_means.get(layer.position)
        if kept is not None and kept[0] == cuts.reach:
            found = kept[1]
        else:
            counts = self._chosen.counts(layer, np.arange(layer.units), cuts)
            found = self._means_of(layer, np.arange(layer.units), counts, kept[1] if kept else None)
        self._kept_means.keep(layer.position, cuts.reach, found)
        return found

    def _means_of(
        self, layer: LayerInfo, units: NDArray[np.int64], counts: NDArray[np.int64], last: LayerMeans | None = None
    ) -> LayerMeans:
        """Those over the `counts` most activating images of some units, which ascend, [n] each. `last` are those over
        other counts."""
        if last is None:
            last = LayerMeans.none(len(counts), self._reader.info.dimension)
        changed = np.flatnonzero(counts != last.counts)
        means, doubts = last.means.copy(), last.doubts.copy()
        means[changed], doubts[changed] = 0.0, 0.0
        filled = changed[counts[changed] > 0]
        found = self._chosen.means(layer, units[filled], counts[filled], last.of(filled))
        means[filled], doubts[filled] = found.means, found.doubts
        return LayerMeans(counts, means, doubts)

    def scores(self, layer: LayerInfo, cuts: Cuts) -> tuple[LayerMeans, UnitScores]:
        """A layer's means, and what each distinct competing direction is ranked by, for the units that are asked for.

        The last answer is kept. Raises as `competing` does.
        """
        means, last = self.means(layer, cuts), self._last_scores
        competing = self.competing(cuts.concept_set, cuts.ranking)
        if last is None or last.means is not means or last.competing is not competing:
            last = self._last_scores = UnitScores(competing, means)
        return means, last


def _of_units(answer: LayerAnswer, units: NDArray[np.int64]) -> LayerAnswer:
    """The answer for some of its units, in their order."""
    words = [answer.words.of_unit(unit) for unit in units.tolist()]
    ends = np.cumsum([len(each) for each in words], dtype=np.int64)
    return replace(
        answer,
        counts=answer.counts[units],
        best=answer.best[units],
        best_scores=answer.best_scores[units],
        best_z=answer.best_z[units],
        words=Words(ends, np.array([concept for each in words for concept in each], dtype=np.int64)),
    )
