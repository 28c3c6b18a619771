"""What the words of matched neurons are with images, texts, activations, α and β of one run or of the other.

A neuron's words follow from five things. Its activations on the images choose the representative ones at α, the
images' embeddings give their mean, the texts give the concepts their scores, and β cuts. Each can come from either run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ImageSets
from engine.comparing.films import SharedFilms
from engine.comparing.matching import LayerMatch
from engine.comparing.selecting import means, representatives
from engine.comparing.side import Side


class Source(NamedTuple):
    """Which run (0 or 1) each thing comes from."""

    images: int
    texts: int
    activations: int
    alpha: int
    beta: int


FIRST, SECOND = Source(0, 0, 0, 0, 0), Source(1, 1, 1, 1, 1)


class Answers(NamedTuple):
    """What n pairs of neurons have."""

    words: list[tuple[str, ...]]
    """The annotation of each, by score, [n]"""
    best: list[str]
    """The best concept of each, "" for none, [n]"""
    scores: NDArray[np.float64]
    """Its score, [n]; NaN for none"""


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
        self._sets: dict[tuple[int, int, float], ImageSets] = {}
        self._means: dict[tuple[int, int, float], NDArray[np.float64]] = {}
        self._last: tuple[tuple[int, int, float], int] | None = None
        self._scores = np.empty((0, 0))
        """The last scores: of some means and texts, megabytes"""

    def prepare(self, sources: Iterable[Source]) -> None:
        """Computes the means that some sources need, reading each run's embeddings once."""
        keys = dict.fromkeys(self._key(source) for source in sources if self._key(source) not in self._means)
        for run in (0, 1):
            of_run = [key for key in keys if key[0] == run]
            found = means(self._sides[run], [self._selected(*key) for key in of_run])
            self._means |= dict(zip(of_run, found, strict=True))

    def answers(self, source: Source) -> Answers:
        """The words of all pairs."""
        self.prepare([source])
        key, texts = self._key(source), self._sides[source.texts].texts
        if self._last != (key, source.texts):
            self._last, self._scores = (key, source.texts), texts.competing.scores(self._means[key])
        beta = self._sides[source.beta].cuts.beta
        best, scores, words = texts.competing.annotations(self._scores, beta)
        some = self._selected(*key).counts > 0
        return Answers(
            [tuple(texts.names[concept] for concept in words.of_unit(row)) for row in range(len(best))],
            [texts.names[concept] if any_ else "" for concept, any_ in zip(best.tolist(), some.tolist(), strict=True)],
            np.where(some, scores, np.nan),
        )

    def _key(self, source: Source) -> tuple[int, int, float]:
        """What a mean depends on. The activations of one target model are the same function of the images."""
        images = source.images if self._other_images else 0
        activations = images if self._match.same else source.activations
        return images, activations, self._sides[source.alpha].cuts.alpha

    def _selected(self, images: int, activations: int, alpha: float) -> ImageSets:
        """The representative images of the pairs among those of the run `images`, by their index there."""
        key = images, activations, alpha
        if key not in self._sets:
            reader, layer = self._sides[activations].reader, (self._match.first, self._match.second)[activations]
            across = images != activations
            among = None
            if across and not self._films.all_shared:
                among = self._films.across(activations) >= 0
            found = _of_units(representatives(reader, layer, alpha, among), self._units[activations])
            if across:
                found = ImageSets(self._films.across(activations)[found.images].astype(np.int32), found.starts)
            self._sets[key] = found
        return self._sets[key]


def _of_units(sets: ImageSets, units: NDArray[np.int64]) -> ImageSets:
    """The sets of some units, in their order."""
    counts = sets.counts[units]
    ends = np.cumsum(counts)
    places = np.arange(int(counts.sum())) + np.repeat(sets.starts[units] - (ends - counts), counts)
    return ImageSets(sets.images[places], np.concatenate([[0], ends]))
