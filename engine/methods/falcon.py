"""FALCON: the words of the captions that fit a unit's images, without the words of images that do not activate it.

Source: Kalibhat et al., "Identifying Interpretable Subspaces in Image Representations", ICML 2023, arXiv 2307.10504;
details from its code (github.com/NehaKalibhat/falcon-explain). MAMMI's table 5 lists it as "FALCON (medical)": captions
are sentences of radiology reports, the VLM is the run's, and the threshold is 0.25 so that every neuron gets a concept.

1. A unit has two sets of images (engine.methods.contrast_sets): the high set reaches `threshold`; the low set is
   similar but does not activate the unit.
2. Each image has the 5 captions that fit it best. The fit is the softmax over all captions of 100·cos(v, caption).
3. On an image, a word has the fit of the best caption that contains it. Its score is the mean over the high set.
4. A word that scores at least 0.1 on the low set is dropped. The best 8 of the others are the annotation: with 4 of 14
   neurons hit by one word of 8, F1 is 4/14 · 2/9 = 0.0635, which is table 5's F1 for its hit rate of 0.2857.

Differences from the published code, and their reasons:
- The published threshold is the mean plus 5 standard deviations of all representations, which a final layer of 14 units
  cannot reach. The paper's 0.25 is taken as a threshold of the representation itself; the paper does not say what it
  applies to.
- Each unit is explained by itself. The published code explains groups of units with more than 10 images that a VLM
  finds similar (mean cosine above 0.8), which leaves many units without concepts.
- Whole films are captioned. The published code crops the high set by Grad-CAM, for which a run file has no maps.
- The softmax is over all captions; in the published code it is over the captions of each of LAION's files.
- For words, see engine.methods.caption_words. The list of words about the picture (`left_out`) is made for reports, not
  for photographs.
- The words come from the captions only: concept sets, α and β have no effect. "No effusion" counts as effusion, as in
  the published code.

Cost: a layer's sets are computed once, with all its activations held for a while (4 bytes × units × images); an image's
captions are found once, when a neuron first has it in a set. With 112,120 images, 512-d, 1,024 units and 10,000
captions: 14 processor seconds and 570 MB for the layer, about 0.3 s for a neuron.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engine.annotation import scoring
from engine.annotation.cuts import Cuts
from engine.concepts.clean import clean_text
from engine.concepts.report_files import read_reports
from engine.concepts.sections import DEFAULT_SECTIONS, select_sections
from engine.concepts.tokens import split_sentences
from engine.errors import ConfigError, MammiError
from engine.methods.base import DEAD, MethodAnswer, checked_layer, no_concepts
from engine.methods.caption_words import CaptionWords, words_of
from engine.methods.contrast_sets import ContrastSets, contrast_sets
from engine.store.records import LayerInfo

if TYPE_CHECKING:
    from engine.requery import Requery
    from engine.store.reader import RunReader

ABOUT_THE_READING = (
    *("comparison", "exam", "examination", "film", "frontal", "image", "lateral", "portable", "previous", "prior"),
    *("projection", "radiograph", "study", "view", "x-ray", "xray"),
    *("compatible", "consistent", "evidence", "finding", "identified", "noted", "seen", "visible"),
)
"""Words about the film and about reading it"""
_LONGEST = 1000
"""The longest caption, in characters; longer texts are not sentences"""
_COSINES_AT_ONCE = 1 << 22
_LAYERS_KEPT = 4


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.falcon]` of a configuration."""

    reports: tuple[Path, ...] = ()
    """Report files and folders (see engine.concepts.reports); by default the probing set's own reports"""
    sections: tuple[str, ...] = DEFAULT_SECTIONS
    column: str | None = None
    splits: tuple[str, ...] = ()
    """`sections`, `column` and `splits` are as for the concept set kind "reports" """
    sample: int = Field(default=10_000, ge=1)
    """The most captions to use; they are taken evenly from the reports in their order"""
    threshold: float = Field(default=0.25, gt=0, le=1)
    """An image belongs to a unit's high set where the unit has at least this value in the image's representation"""
    alike: float = Field(default=0.3, ge=0, le=1)
    """The least similarity of an image in the low set to the high set"""
    low_count: int = Field(default=10, ge=1)
    """The most images in the low set"""
    captions_each: int = Field(default=5, ge=1)
    """Captions for each image"""
    scale: float = Field(default=100.0, gt=0, allow_inf_nan=False)
    """The factor of cosines before the softmax over captions"""
    shared: float = Field(default=0.1, gt=0, le=1)
    """A word with at least this score on the low set is dropped"""
    words: int = Field(default=8, ge=1)
    """The most words in the annotation"""
    left_out: tuple[str, ...] = ABOUT_THE_READING
    """Words that are not concepts"""


def captions(options: Options, base: Path, reports: Sequence[str]) -> list[str]:
    """The sentences to encode, each once, in the order of their first appearance; relative paths start from `base`.

    `reports` are the probing set's own. Raises ConfigError when there is no report, or no sentence in the reports.
    """
    if options.reports:
        paths = [base / path for path in options.reports]
        texts: Iterable[str] = read_reports(
            paths, sections=options.sections, column=options.column, splits=options.splits
        )
    elif reports:
        texts = (select_sections(report, options.sections) for report in reports)
    else:
        raise ConfigError(
            "methods.falcon.reports is missing, and the probing set has no reports. Name a report file or a folder."
        )
    sentences = (clean_text(sentence) for text in texts for sentence in split_sentences(text))
    left_out = frozenset(options.left_out)
    found = list(dict.fromkeys(text for text in sentences if len(text) <= _LONGEST and words_of(text, left_out)))
    if not found:
        raise ConfigError(f"methods.falcon.reports: the sections {', '.join(options.sections)} have no sentence.")
    places = np.linspace(0, len(found) - 1, min(options.sample, len(found))).round().astype(int)
    return [found[place] for place in places]


def load(options: Options, reader: RunReader, requery: Requery) -> Falcon:
    """FALCON over an open run file. Raises MammiError when the run has no captions."""
    if not reader.captions:
        raise MammiError(f"{reader.path} has no captions. Add [methods.falcon] to its configuration and run it again.")
    return Falcon(options, reader, requery)


class Falcon:
    """FALCON as a Method (engine.methods.base)."""

    name = "falcon"
    title = "FALCON"

    def __init__(self, options: Options, reader: RunReader, requery: Requery) -> None:
        self._options = options
        self._reader = reader
        self._requery = requery
        self._computing = threading.Lock()
        self._sets = lru_cache(maxsize=_LAYERS_KEPT)(self._layer_sets)
        self._captions: _Captions | None = None

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: the words that score above 0 and are not dropped."""
        info = checked_layer(self._reader.layers, layer, unit)
        self._requery.members(cuts.concept_set)
        if info.dead[unit]:
            return no_concepts(self.name, DEAD)
        with self._computing:
            sets = self._sets(info)
            high, low = sets.high[unit], sets.low[unit]
            if len(high) == 0:
                return no_concepts(
                    self.name, f"No image's representation reaches {self._options.threshold:g} in this unit."
                )
            captions = self._captions = self._captions or _Captions(self._options, self._reader, self._requery)
            scores, shared = captions.word_scores(high), captions.word_scores(low)
        ranking = scoring.rank(scores)
        ranking = ranking[(scores[ranking] > 0) & (shared[ranking] < self._options.shared)]
        return MethodAnswer(
            self.name,
            tuple(captions.words[word] for word in ranking),
            scores[ranking],
            min(self._options.words, len(ranking)),
            _note(len(high), len(ranking)),
        )

    def _layer_sets(self, info: LayerInfo) -> ContrastSets:
        options = self._options
        activations = self._reader.arrays.activations(info)
        return contrast_sets(activations, options.threshold, options.alike, options.low_count)


def _note(images: int, words: int) -> str:
    if words == 0:
        return "Images that do not activate it share all its words."
    return "From only one image." if images == 1 else ""


class _Captions:
    """The captions of each image, found when they are first needed, and their words."""

    def __init__(self, options: Options, reader: RunReader, requery: Requery) -> None:
        self._vectors = requery.vectors()
        self._embeddings = scoring.unit_rows(reader.arrays.caption_embeddings()).astype(np.float32)
        self._scale = options.scale
        self._words = CaptionWords(reader.captions, frozenset(options.left_out))
        self.words = self._words.words
        each = min(options.captions_each, len(self._embeddings))
        self._done = np.zeros(reader.image_count, dtype=np.bool_)
        self._best = np.zeros((reader.image_count, each), dtype=np.int32)
        self._fits = np.zeros((reader.image_count, each), dtype=np.float32)

    def word_scores(self, images: NDArray[np.int64]) -> NDArray[np.float64]:
        """The score of each word on some images, [words]."""
        missing = images[~self._done[images]]
        at_once = max(_COSINES_AT_ONCE // len(self._embeddings), 1)
        for start in range(0, len(missing), at_once):
            self._find(missing[start : start + at_once])
        return self._words.scores(self._best[images], self._fits[images].astype(np.float64))

    def _find(self, images: NDArray[np.int64]) -> None:
        vectors = self._vectors
        unit = (vectors.embeddings[images] * vectors.inverse_lengths[images, None]).astype(np.float32)
        logits = self._scale * (unit @ self._embeddings.T)
        each = self._best.shape[1]
        best = np.sort(np.argpartition(-logits, each - 1, axis=1)[:, :each], axis=1)
        logits -= logits.max(axis=1, keepdims=True)
        self._best[images] = best
        self._fits[images] = np.exp(np.take_along_axis(logits, best, axis=1))
        self._fits[images] /= np.exp(logits, out=logits).sum(axis=1, keepdims=True)
        self._done[images] = True
