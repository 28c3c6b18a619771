"""MAMMI itself, at any α and β: the answers of engine.requery ranked by Eq. 2, as a method among the others.

Source: Kim, Ahn, Kim, "Mask-Free Neuron Concept Annotation for Interpreting Neural Networks in Medical Domain", MICCAI
2024, arXiv 2407.11375. Eq. 1 (engine.annotation.selection) chooses the representative images; Eq. 2 and the β cut
(engine.annotation.scoring) give the annotation. The only settings are α and β; the published ones are 0.93 and 0.95.

There is no difference from the published method. The published code sums over the representative images where Eq. 2
takes the mean, which changes neither the order nor the cut.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.annotation.cuts import Cuts, Ranking
from engine.methods.base import MethodAnswer, dead, nothing_positive

if TYPE_CHECKING:
    from engine.requery import NeuronAnswer, Requery
    from engine.store.reader import RunReader


class Options(BaseModel, extra="forbid", frozen=True):
    """`[methods.mammi]` of a configuration, which has no keys."""


def load(options: Options, reader: RunReader, requery: Requery) -> Mammi:  # noqa: ARG001
    """MAMMI over an open run file."""
    return Mammi(reader, requery)


class Mammi:
    """MAMMI as a Method (engine.methods.base)."""

    name = "mammi"
    title = "MAMMI"
    _ranking: Ranking = "score"

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._concepts = reader.concepts
        self._requery = requery
        self._nothing_positive = nothing_positive(reader.info)

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: all competing concepts. Those above the β cut are the annotation."""
        answer = self._requery.neuron(layer, unit, replace(cuts, ranking=self._ranking))
        return MethodAnswer(
            self.name,
            tuple(self._concepts[concept] for concept in answer.ranking),
            answer.ranked_by[answer.ranking],
            answer.annotated,
            self._note(answer),
            figure="z" if self._ranking == "z" else "score",
        )

    def _note(self, answer: NeuronAnswer) -> str:
        if answer.dead:
            return dead(answer.why_dead)
        if len(answer.images) == 0:
            return f"No image lies above τ at α {answer.cuts.alpha:g}."
        return "" if answer.annotated else self._nothing_positive
