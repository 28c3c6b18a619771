"""WWW's choice of images with MAMMI's score: a fixed number of the most activating ones, whatever their activations.

Source: Ahn et al., "WWW: A Unified Framework for Explaining What, Where and Why of Neural Networks by Interpretation
of Neuron Concepts", CVPR 2024 (github.com/ailab-kyunghee/WWW: example_selection.py, concept_matching.py). MAMMI's
table 2 lists it as "without adaptive selection". It takes 40 images, and has the same score (Eq. 2 of MAMMI) and the
same β cut (published as 0.95).

Differences from the published code:
- The reader's β makes the cut, so that the method can be compared with MAMMI at any β.
- Ties of activation are broken by index.
- A dead unit has no concepts; the published code takes any 40 images.
- A probing set with fewer images is taken whole.
- WWW's explanations by heat map and Shapley value are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engine.annotation import scoring
from engine.annotation.cuts import Cuts
from engine.methods.base import MethodAnswer, checked_layer, dead, no_concepts, nothing_positive
from engine.store.ladder import sum_rows
from engine.store.schema import BLOCK

if TYPE_CHECKING:
    from engine.requery import Requery
    from engine.store.reader import RunReader


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.www]` of a configuration."""

    count: int = Field(default=40, ge=1)
    """How many of the most activating images a neuron is annotated from"""


def load(options: Options, reader: RunReader, requery: Requery) -> WWW:
    """WWW's selection over an open run file."""
    return WWW(options, reader, requery)


class WWW:
    """WWW's selection as a Method (engine.methods.base)."""

    name = "www"

    def __init__(self, options: Options, reader: RunReader, requery: Requery) -> None:
        self._count = min(options.count, reader.image_count)
        taken = f": all {self._count}" if self._count < options.count else ""
        self.title = f"WWW (top {options.count} images{taken})"
        self._reader = reader
        self._requery = requery

    def images(self, layer: str, unit: int) -> NDArray[np.int32]:
        """The images that a neuron is annotated from, the most activating one first; none for a dead unit.

        Raises MammiError for an unknown neuron.
        """
        info = checked_layer(self._reader.layers, layer, unit)
        if info.dead[unit]:
            return np.empty(0, np.int32)
        ranked, _ = self._reader.arrays.ranked(info.first_neuron + unit, 0, (self._count - 1) // BLOCK)
        return ranked[: self._count]

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: all competing concepts, cut at β. α is ignored."""
        members = self._requery.members(cuts.concept_set)
        images = self.images(layer, unit)
        if not len(images):
            return no_concepts(self.name, dead(self._reader.layer(layer).why_dead(unit)))
        vectors = self._requery.vectors()
        total = sum_rows(vectors.embeddings, vectors.inverse_lengths, images)
        scores = vectors.directions.products(total / self._count)[members]
        ranking = scoring.rank(scores)
        annotated = len(scoring.annotate(scores, cuts.beta))
        return MethodAnswer(
            self.name,
            tuple(self._reader.concepts[concept] for concept in members[ranking]),
            scores[ranking],
            annotated,
            "" if annotated else nothing_positive(self._reader.info),
        )
