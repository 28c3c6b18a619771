"""MAMMI itself, at any α and β: what engine.requery answers, as a method among the others.

Source: Kim, Ahn, Kim, "Mask-Free Neuron Concept Annotation for Interpreting Neural Networks in Medical Domain",
MICCAI 2024, arXiv 2407.11375. Eq. 1 (engine.annotation.selection) chooses the representative images, Eq. 2
and the β cut (engine.annotation.scoring) the annotation. The α and β asked for are the only settings; the published
ones are 0.93 and 0.95.

It departs nowhere: the published code sums over the representative images where Eq. 2 takes the mean, which changes
neither the order nor the cut.
"""

from __future__ import annotations

from pydantic import BaseModel

from engine.annotation.cuts import Cuts
from engine.methods.base import DEAD, NOTHING_POSITIVE, MethodAnswer
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader


class Options(BaseModel, extra="forbid", frozen=True):
    """The [methods.mammi] table, which has no keys."""


def load(options: Options, reader: RunReader, requery: Requery) -> Mammi:  # noqa: ARG001
    """MAMMI over an open run file."""
    return Mammi(reader, requery)


class Mammi:
    name = "mammi"
    title = "MAMMI"

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._concepts = reader.concepts
        self._requery = requery

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method: all competing concepts; the annotation are those above the β cut."""
        answer = self._requery.neuron(layer, unit, cuts)
        return MethodAnswer(
            self.name,
            tuple(self._concepts[concept] for concept in answer.ranking),
            answer.scores[answer.ranking],
            answer.annotated,
            _note(answer),
        )


def _note(answer: NeuronAnswer) -> str:
    if answer.dead:
        return DEAD
    if len(answer.images) == 0:
        return f"No image lies above τ at α {answer.cuts.alpha:g}."
    return "" if answer.annotated else NOTHING_POSITIVE
