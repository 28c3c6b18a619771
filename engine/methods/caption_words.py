"""The words of captions, and how well they fit a set of images: FALCON's concepts.

Source: Kalibhat et al., ICML 2023 (see engine.methods.falcon); github.com/NehaKalibhat/falcon-explain, falcon_utils.py.
The published code keeps nouns, verbs and adjectives of three or more letters as WordNet's lemmas, and drops English
stop words and words about the picture. Neither a tagger nor WordNet is at hand where a run file is read. So every word
stays here unless it is a function word, a plural counts as its singular where the captions have both, and adverbs stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.concepts.clean import MAX_LENGTH
from engine.concepts.filters import NounFilters
from engine.concepts.tokens import tokenize

_SHORTEST = 3
_PLURALS = (("ies", "y"), ("es", ""), ("s", ""))
_FILTERS = NounFilters(picture_words=False)


def words_of(caption: str, left_out: Collection[str]) -> set[str]:
    """The words of a caption that can be concepts, in lower case."""
    return {
        word
        for word in tokenize(caption.lower())
        if _SHORTEST <= len(word) <= MAX_LENGTH
        and word[0].isalpha()
        and word not in left_out
        and _FILTERS.leaving_out(word) is None
    }


class CaptionWords:
    """The words of all captions of a run."""

    def __init__(self, captions: Sequence[str], left_out: Collection[str]) -> None:
        found = [sorted(words_of(caption, left_out)) for caption in captions]
        said = {word for words in found for word in words}
        singular = {word: _singular(word, said.union(left_out)) for word in said}
        self.words = tuple(sorted(set(singular.values()).difference(left_out)))
        places = {word: place for place, word in enumerate(self.words)}
        each = [sorted({places[singular[word]] for word in words if singular[word] in places}) for words in found]
        self._sizes = np.array([len(words) for words in each], dtype=np.int64)
        self._ends = np.cumsum(self._sizes)
        self._words = np.array([word for words in each for word in words], dtype=np.int64)

    def scores(self, captions: NDArray[np.integer], fits: NDArray[np.float64]) -> NDArray[np.float64]:
        """The score of each word, [words], from the captions of some images and how well each fits, both [n, k].

        On an image, a word has the fit of the best caption that contains it, or 0 where none does. Its score is the
        mean over the images; without images all scores are 0.
        """
        sizes = self._sizes[captions].reshape(-1)
        starts = self._ends[captions].reshape(-1) - sizes
        words = self._words[np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())]
        images = np.repeat(np.arange(len(captions)).repeat(captions.shape[1]), sizes)
        said = np.repeat(fits.reshape(-1), sizes)
        order = np.argsort(-said, kind="stable")
        _, first = np.unique((images * len(self.words) + words)[order], return_index=True)
        best = order[first]
        totals = np.bincount(words[best], weights=said[best], minlength=len(self.words))
        return totals / max(len(captions), 1)


def _singular(word: str, said: Collection[str]) -> str:
    """The singular of a plural, where the captions have it too; else the word itself."""
    stems = (word.removesuffix(ending) + instead for ending, instead in _PLURALS if word.endswith(ending))
    return next((stem for stem in stems if stem in said), word)
