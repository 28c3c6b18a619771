"""What the words of matched neurons are with images, texts, activations and each cut of one run or of the other.

A neuron's words follow from seven things. Its activations on the images choose the representative ones at α, by one
selection or another; the images' embeddings give their mean, the texts give the concepts their scores, the ranking
orders them by these or by z, and β cuts. Each can come from either run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.annotation import standing
from engine.annotation.competing import Competing
from engine.annotation.cuts import Ranking, Selection
from engine.annotation.image_sets import ImageSets
from engine.annotation.standing import Moments
from engine.comparing.films import SharedFilms
from engine.comparing.matching import LayerMatch
from engine.comparing.selecting import means, of_units, representatives
from engine.comparing.side import Side


class Source(NamedTuple):
    """Which run (0 or 1) each thing comes from."""

    images: int
    texts: int
    activations: int
    alpha: int
    beta: int
    ranking: int
    selection: int


FIRST, SECOND = Source(0, 0, 0, 0, 0, 0, 0), Source(1, 1, 1, 1, 1, 1, 1)


class Chosen(NamedTuple):
    """What the representative images depend on."""

    images: int
    """The run whose images they are"""
    activations: int
    """The run whose activations choose them"""
    alpha: float
    """0 where it does not count"""
    selection: Selection


class Answers(NamedTuple):
    """What n pairs of neurons have."""

    words: list[tuple[str, ...]]
    """The annotation of each, by what ranks it, [n]"""
    best: list[str]
    """The best concept of each, "" for none, [n]"""
    scores: NDArray[np.float64]
    """Its score by Eq. 2, however it is ranked, [n]; NaN for none"""


class Exchange:
    """Answers for any source about each unit of the first run's layer and its match. Of a unit without a match,
    only the answer of FIRST means something.

    Where the runs looked at different target models and have different images, another run's activations are known on
    the images that both have, and these alone count.
    """

    def __init__(self, sides: tuple[Side, Side], films: SharedFilms, match: LayerMatch, *, other_images: bool) -> None:
        """`other_images` says whether the runs have other images or other embeddings of them. If not, only the first
        run's are read."""
        self._sides = sides
        self._films = films
        self._match = match
        self._other_images = other_images
        self._units = np.arange(match.first.units), np.maximum(match.partners, 0)
        """The units of each pair, [n]; a unit without a match stands beside any unit"""
        self._sets: dict[Chosen, ImageSets] = {}
        self._means: dict[Chosen, NDArray[np.float64]] = {}
        self._competing: dict[tuple[int, int, bool], Competing] = {}
        self._last: tuple[Chosen, int, Ranking] | None = None
        self._scores = np.empty((0, 0))
        """The last scores: of some means and texts, megabytes"""

    def prepare(self, sources: Iterable[Source]) -> None:
        """Computes the means that some sources need, reading each run's embeddings once."""
        keys = dict.fromkeys(self._key(source) for source in sources if self._key(source) not in self._means)
        for run in (0, 1):
            of_run = [key for key in keys if key.images == run]
            found = means(self._sides[run], [self._selected(key) for key in of_run])
            self._means |= dict(zip(of_run, found, strict=True))

    def answers(self, source: Source) -> Answers:
        """The words of all pairs."""
        self.prepare([source])
        key, texts = self._key(source), self._sides[source.texts].texts
        ranking = self._sides[source.ranking].cuts.ranking
        competing = texts.competing if ranking == "score" else self._by_z(key, source.texts)
        if self._last != (key, source.texts, ranking):
            self._last, self._scores = (key, source.texts, ranking), competing.scores(self._means[key])
        beta = self._sides[source.beta].cuts.beta
        best, scores, words = competing.annotations(self._scores, beta)
        if ranking == "z":
            directions = texts.competing.distinct[self._scores.argmax(axis=1)]
            scores = np.einsum("nd,nd->n", self._means[key], directions)
        some = self._selected(key).counts > 0
        return Answers(
            [tuple(texts.names[concept] for concept in words.of_unit(row)) for row in range(len(best))],
            [texts.names[concept] if any_ else "" for concept, any_ in zip(best.tolist(), some.tolist(), strict=True)],
            np.where(some, scores, np.nan),
        )

    def _key(self, source: Source) -> Chosen:
        """What a mean depends on. The activations of one target model are the same function of the images."""
        images = source.images if self._other_images else 0
        activations = images if self._match.same else source.activations
        selection = self._sides[source.selection].cuts.selection
        alpha = 0.0 if selection.rule == "top" else self._sides[source.alpha].cuts.alpha
        return Chosen(images, activations, alpha, selection)

    def _shared_alone(self, key: Chosen) -> bool:
        """Whether only the films that both runs have count."""
        return key.images != key.activations and not self._films.all_shared

    def _by_z(self, key: Chosen, texts: int) -> Competing:
        """The concepts of the run `texts`, ranked by z against random sets of the images that could be chosen."""
        shared = self._shared_alone(key)
        if (key.images, texts, shared) not in self._competing:
            side, of = self._sides[key.images], self._sides[texts].texts
            among = self._films.of(key.images) if shared else None
            stored = side.reader.arrays.concept_moments() if key.images == texts and not shared else None
            if stored is None:
                moments = standing.moments(*side.spread(among), of.directions, side.images(among))
            else:
                moments = Moments(side.images(None), *stored)
            self._competing[key.images, texts, shared] = of.competing.ranked_by_z(moments)
        return self._competing[key.images, texts, shared]

    def _selected(self, key: Chosen) -> ImageSets:
        """The representative images of the pairs among those of the run `key.images`, by their index there."""
        if key not in self._sets:
            activations = key.activations
            reader, layer = self._sides[activations].reader, (self._match.first, self._match.second)[activations]
            across = key.images != activations
            among = self._films.across(activations) >= 0 if self._shared_alone(key) else None
            found = representatives(reader, layer, key.alpha, among, key.selection)
            found = of_units(found, self._units[activations])
            if across:
                found = ImageSets(self._films.across(activations)[found.images].astype(np.int32), found.starts)
            self._sets[key] = found
        return self._sets[key]
