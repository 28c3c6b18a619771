"""The captions that fit an image best, by the VLM, and the words that they give to images: FALCON's captioning.

Source: Kalibhat et al., ICML 2023 (see engine.methods.falcon); github.com/NehaKalibhat/falcon-explain, falcon_utils.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows, parts
from engine.annotation.scoring import unit_rows
from engine.methods.caption_words import CaptionWords

Floats = NDArray[np.float64]
_COSINES_AT_ONCE = 1 << 22


class FittingCaptions:
    """Captions with their embeddings [c, d].

    The fit of a caption to an image is the softmax over all captions of `scale`·cos(v, caption). Each image has the
    `each` captions that fit it best.
    """

    def __init__(
        self,
        captions: Sequence[str],
        embeddings: NDArray[np.float32],
        scale: float,
        each: int,
        left_out: Collection[str],
    ) -> None:
        self._embeddings = unit_rows(embeddings).astype(np.float32)
        self._scale = scale
        self.each = min(each, len(embeddings))
        """Captions of each image"""
        self._words = CaptionWords(captions, frozenset(left_out))
        self.words = self._words.words
        """All words of the captions"""

    def best(self, images: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The captions of some images, from their unit embeddings [n, d], and how well they fit: [n, each] both."""
        best = np.empty((len(images), self.each), dtype=np.int32)
        fits = np.empty((len(images), self.each), dtype=np.float32)
        at_once = max(_COSINES_AT_ONCE // len(self._embeddings), 1)
        for start in range(0, len(images), at_once):
            piece = slice(start, start + at_once)
            logits = self._scale * (images[piece] @ self._embeddings.T)
            best[piece] = np.sort(np.argpartition(-logits, self.each - 1, axis=1)[:, : self.each], axis=1)
            logits -= logits.max(axis=1, keepdims=True)
            fits[piece] = np.exp(np.take_along_axis(logits, best[piece], axis=1))
            fits[piece] /= np.exp(logits, out=logits).sum(axis=1, keepdims=True)
        return best, fits

    def word_scores(self, best: NDArray[np.int32], fits: NDArray[np.float32]) -> Floats:
        """The score of each word on the images with these captions, [words]."""
        return self._words.scores(best, fits.astype(np.float64))


class FilmCaptions:
    """The captions of a run's films, each found when it is first needed."""

    def __init__(self, captions: FittingCaptions, embeddings: Rows, inverse_lengths: NDArray[np.float64]) -> None:
        self.words = captions.words
        self._captions = captions
        self._films = embeddings
        self._inverse_lengths = inverse_lengths
        self._done = np.zeros(len(embeddings), dtype=np.bool_)
        self._best = np.zeros((len(embeddings), captions.each), dtype=np.int32)
        self._fits = np.zeros((len(embeddings), captions.each), dtype=np.float32)

    def word_scores(self, films: NDArray[np.integer]) -> Floats:
        """The score of each word on some films, [words]."""
        missing = films[~self._done[films]]
        if len(missing):
            for some in (missing[part] for part in parts(len(missing))):
                unit = (self._films[some] * self._inverse_lengths[some, None]).astype(np.float32)
                self._best[some], self._fits[some] = self._captions.best(unit)
            self._done[missing] = True
        return self._captions.word_scores(self._best[films], self._fits[films])
