"""FALCON: the words of the captions that fit a unit's images, without the words of images that do not activate it.

Source: Kalibhat et al., "Identifying Interpretable Subspaces in Image Representations", ICML 2023, arXiv 2307.10504;
details from its code (github.com/NehaKalibhat/falcon-explain). MAMMI's table 5 lists it as "FALCON (medical)": captions
are sentences of radiology reports, the VLM is the run's, and the threshold is 0.25 so that every neuron gets a concept.

1. A unit has two sets of images (engine.methods.contrast_sets). In the high set r, the unit's value in the image's
   representation, reaches mean + `limit`·std over all images and units of the layer. The low set is similar but does
   not activate the unit.
2. Each image has the 5 captions that fit it best. The fit is the softmax over all captions of 100·cos(v, caption).
3. On an image, a word has the fit of the best caption that contains it. Its score is the mean over the high set.
4. A word that scores at least 0.1 on the low set is dropped. The best 8 of the others are the annotation: with 4 of 14
   neurons hit by one word of 8, F1 is 4/14 · 2/9 = 0.0635, which is table 5's F1 for its hit rate of 0.2857.

The published `limit` is 5, "empirically selected"; MAMMI's 0.25 is the default here. The published code does not
explain units but groups of them, and so does `groups = true`: the units that reach the bound in an image are its group.
Groups with more than 10 images that the VLM finds similar (mean cosine above 0.8) are kept. A unit then has the words
of its groups, each at its best score, with the group as detail. Most units are in no such group at a limit of 0.25,
where an image's group has a third of all units; and many units are in none at any limit. MAMMI's paper gives every
neuron a concept, so `groups` is off by default.

Differences from the published code, and their reasons:
- Whole films are captioned. The published code crops the high set by Grad-CAM, and so does engine.methods.falcon_crops.
- The softmax is over all captions; in the published code it is over the captions of each of LAION's files.
- For words, see engine.methods.caption_words. The list of words about the picture (`left_out`) is made for reports, not
  for photographs.
- The words come from the captions only: concept sets, α and β have no effect. "No effusion" counts as effusion, as in
  the published code.

Cost: a layer's sets are computed once, with all its activations held for a while (4 bytes × units × images), and those
of the last two layers are kept (4 bytes for each image of a high set). An image's captions are found once, when a
neuron first has it in a set. With 112,120 images, 512-d, 1,024 units and 10,000 captions: 15 processor
seconds and 670 MB for the layer, about 0.3 s for a neuron.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator

from engine.annotation.cuts import Cuts
from engine.concepts.clean import clean_text
from engine.concepts.report_files import read_reports
from engine.concepts.sections import DEFAULT_SECTIONS, select_sections
from engine.concepts.tokens import split_sentences
from engine.errors import ConfigError, MammiError
from engine.methods.base import MethodAnswer, checked_layer, dead, no_concepts
from engine.methods.caption_words import words_of
from engine.methods.contrast_sets import FeatureGroup, to_representations
from engine.methods.falcon_groups import Explained, contrasted, explained, group_name, ranked
from engine.methods.fitting_captions import FilmCaptions, FittingCaptions
from engine.store.ladder import sum_rows
from engine.store.records import LayerInfo
from engine.text_files import Encoding, TextFiles

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
_LAYERS_KEPT = 2


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.falcon]` of a configuration."""

    reports: tuple[Path, ...] = ()
    """Report files and folders (see engine.concepts.reports); by default the probing set's own reports"""
    sections: tuple[str, ...] = DEFAULT_SECTIONS
    column: str | None = None
    splits: tuple[str, ...] = ()
    encoding: Encoding | None = None
    """`sections`, `column`, `splits` and `encoding` are as for the concept set kind "reports" """
    sample: int = Field(default=10_000, ge=1)
    """The most captions to use; they are taken evenly from the reports in their order"""
    limit: float = Field(default=0.25, allow_inf_nan=False)
    """An image belongs to a unit's high set where r is at least this many standard deviations above the mean of r, or
    below it where the limit is negative"""
    threshold: float | None = Field(default=None, ge=-1, le=1)
    """In place of `limit`: the least value of r itself"""
    groups: bool = False
    """Whether units that reach the bound together are explained together, as in the published code"""
    group_images: int = Field(default=10, ge=0)
    """A group must have more images than this"""
    group_alike: float = Field(default=0.8, ge=-1, le=1)
    """The mean cosine of a group's images, as the VLM embeds them, must be above this"""
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

    @model_validator(mode="after")
    def _has_one_bound(self) -> Self:
        if self.threshold is not None and self.limit != type(self)().limit:
            raise ValueError("limit and threshold both say where the high set begins: leave one of them out")
        return self


def captions(options: Options, base: Path, reports: Sequence[str], name: str = "falcon") -> list[str]:
    """The sentences to encode, each once, in the order of their first appearance; relative paths start from `base`.

    `reports` are the probing set's own; `name` is the method's, for messages. Raises ConfigError when there is no
    report, or no sentence in the reports.
    """
    if options.reports:
        paths = [base / path for path in options.reports]
        texts: Iterable[str] = read_reports(
            paths,
            sections=options.sections,
            column=options.column,
            splits=options.splits,
            texts=TextFiles(options.encoding, "methods.falcon.encoding"),
        )
    elif reports:
        texts = (select_sections(report, options.sections) for report in reports)
    else:
        raise ConfigError(
            f"methods.{name}.reports is missing, and the probing set has no reports. Name a report file or a folder."
        )
    sentences = (clean_text(sentence) for text in texts for sentence in split_sentences(text))
    left_out = frozenset(options.left_out)
    found = list(dict.fromkeys(text for text in sentences if len(text) <= _LONGEST and words_of(text, left_out)))
    if not found:
        raise ConfigError(f"methods.{name}.reports: the sections {', '.join(options.sections)} have no sentence.")
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

    def __init__(self, options: Options, reader: RunReader, requery: Requery) -> None:
        self.title = title(options)
        self._options = options
        self._reader = reader
        self._requery = requery
        self._computing = threading.Lock()
        self._layer = lru_cache(maxsize=_LAYERS_KEPT)(self._explained)
        self._captions: FilmCaptions | None = None

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: the words that score above 0 and are not dropped."""
        info = checked_layer(self._reader.layers, layer, unit)
        self._requery.members(cuts.concept_set)
        if info.dead[unit]:
            return no_concepts(self.name, dead(info.why_dead(unit)))
        with self._computing:
            of_layer = self._layer(info)
            places = of_layer.of_unit[unit]
            if not places:
                return no_concepts(self.name, _why_none(self._options, of_layer.bound))
            captions = self._captions = self._captions or self._film_captions()
            groups = [of_layer.groups[place] for place in places]
            sets = [(group.high, of_layer.low[place]) for group, place in zip(groups, places, strict=True)]
            scores = [
                contrasted(self._options, captions.word_scores(high), captions.word_scores(low)) for high, low in sets
            ]
        words, best, of_group = ranked(np.stack(scores))
        return MethodAnswer(
            self.name,
            tuple(captions.words[word] for word in words),
            best,
            min(self._options.words, len(words)),
            _note(max(len(group.high) for group in groups), len(words)),
            details=tuple(group_name(groups[place]) for place in of_group) if self._options.groups else (),
        )

    def _film_captions(self) -> FilmCaptions:
        reader, options, vectors = self._reader, self._options, self._requery.vectors()
        embeddings = reader.arrays.caption_embeddings()
        captions = FittingCaptions(reader.captions, embeddings, options.scale, options.captions_each, options.left_out)
        return FilmCaptions(captions, vectors.embeddings, vectors.inverse_lengths)

    def _explained(self, info: LayerInfo) -> Explained:
        return explained(self._options, to_representations(self._reader.arrays.activations(info)), self._alike)

    def _alike(self, group: FeatureGroup) -> bool:
        """Whether the mean cosine of all pairs of a group's images, each with itself too, is above `group_alike`."""
        vectors = self._requery.vectors()
        mean = sum_rows(vectors.embeddings, vectors.inverse_lengths, group.high) / len(group.high)
        return float(mean @ mean) > self._options.group_alike


def title(options: Options, name: str = "FALCON") -> str:
    """The name for a reader, with the options that matter."""
    chosen = []
    if options.groups:
        chosen.append("groups of units")
    if options.threshold is not None:
        chosen.append(f"r ≥ {options.threshold:g}")
    elif options.limit != type(options)().limit:
        chosen.append(f"limit {options.limit:g}")
    return f"{name} ({', '.join(chosen)})" if chosen else name


def _why_none(options: Options, bound: float) -> str:
    if options.groups:
        return (
            f"It is in no group of units with more than {options.group_images} images whose mean cosine is above "
            f"{options.group_alike:g}."
        )
    if options.threshold is not None:
        return f"No image's representation reaches {bound:g} in this unit: lower methods.falcon.threshold."
    deviations = f"{'−' if options.limit < 0 else '+'} {abs(options.limit):g}·std"
    return (
        f"No image's representation reaches mean {deviations} = {bound:.3g} in this unit: lower methods.falcon.limit."
    )


def _note(images: int, words: int) -> str:
    if words == 0:
        return "Images that do not activate it share all its words."
    return "From only one image." if images == 1 else ""
