"""WWW's choice of images with MAMMI's score: a fixed number of the most activating ones, whatever their activations.

Source: Ahn et al., "WWW: A Unified Framework for Explaining What, Where and Why of Neural Networks by Interpretation
of Neuron Concepts", CVPR 2024 (github.com/ailab-kyunghee/WWW: example_selection.py, concept_matching.py); in MAMMI's
table 2 it is "without adaptive selection". 40 images, the same score (Eq. 2 of MAMMI) and the same β cut, 0.95 there.

Where it departs: the β asked for makes the cut, so that it can be compared with MAMMI's at any β; ties of activation
are broken by index; a dead unit, of which the published code takes any 40 images, has no concepts; a probing set of
fewer images is taken whole. WWW's explanations by heat map and Shapley value are no part of this.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from engine.annotation import scoring
from engine.annotation.cuts import Cuts
from engine.methods.base import DEAD, NOTHING_POSITIVE, MethodAnswer, asked, nothing
from engine.requery import Requery
from engine.store.ladder import sum_rows
from engine.store.reader import RunReader
from engine.store.schema import BLOCK


class Options(BaseModel, extra="forbid", frozen=True):
    """The [methods.www] table."""

    count: int = Field(default=40, ge=1)
    """The most activating images that a neuron is annotated from."""


def load(options: Options, reader: RunReader, requery: Requery) -> WWW:
    """WWW's selection over an open run file."""
    return WWW(options, reader, requery)


class WWW:
    name = "www"

    def __init__(self, options: Options, reader: RunReader, requery: Requery) -> None:
        self.title = f"WWW (top {options.count} images)"
        self._count = min(options.count, reader.image_count)
        self._reader = reader
        self._requery = requery

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: all competing concepts, cut at β. α is not looked at."""
        info = asked(self._reader.layers, layer, unit)
        members = self._requery.members(cuts.concept_set)
        if info.dead[unit]:
            return nothing(self.name, DEAD)
        images, _ = self._reader.arrays.ranked(info.first_neuron + unit, 0, (self._count - 1) // BLOCK)
        vectors = self._requery.vectors()
        total = sum_rows(vectors.embeddings, vectors.inverse_lengths, images[: self._count])
        scores = scoring.score_mean(total / self._count, vectors.directions)[members]
        ranking = scoring.rank(scores)
        annotated = len(scoring.annotate(scores, cuts.beta))
        return MethodAnswer(
            self.name,
            tuple(self._reader.concepts[concept] for concept in members[ranking]),
            scores[ranking],
            annotated,
            "" if annotated else NOTHING_POSITIVE,
        )
