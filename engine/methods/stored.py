"""A computed method's scores from the run file, as a method like those that answer live."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel

from engine.annotation.cuts import Cuts
from engine.methods.base import ComputedMethod, MethodAnswer, checked_layer, dead, no_concepts
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo


class Stored:
    """The stored scores of one of engine.methods.COMPUTED; the method's own `annotation` chooses the annotation.

    α and β are ignored. A concept set counts only where the method's concepts are the run's, as in TCAV's "matched";
    otherwise they are labels of the probing set, or words of captions.
    """

    def __init__(
        self, name: str, module: ComputedMethod, options: BaseModel, reader: RunReader, requery: Requery
    ) -> None:
        self.name = name
        self.title = module.title(options) if hasattr(module, "title") else module.TITLE
        self.of_labels: bool = getattr(module, "OF_LABELS", False)
        self._module = module
        self._options = options
        self._reader = reader
        self._requery = requery

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """As engine.methods.base.Method."""
        info = checked_layer(self._reader.layers, layer, unit)
        members = self._requery.members(cuts.concept_set)
        scores = self._reader.method_scores(self.name, layer, unit)
        of_concepts = self._module.follows_vlm(self._options) and not hasattr(self._module, "captions")
        if cuts.concept_set is not None and of_concepts:
            competing = {self._reader.concepts[concept] for concept in members}
            scores = [score for score in scores if score.concept in competing]
        if not scores:
            return no_concepts(self.name, self._why_unscored(info, unit))
        if hasattr(self._module, "nothing") and (reason := self._module.nothing(self._options, scores)):
            return no_concepts(self.name, reason)
        annotation = self._module.annotation(self._options, scores)
        scores = [*annotation, *(score for score in scores if score not in annotation)]
        tested = any(score.p_value is not None for score in scores)
        p_values = [np.nan if score.p_value is None else score.p_value for score in scores]
        detailed = any(score.detail for score in scores)
        return MethodAnswer(
            self.name,
            tuple(score.concept for score in scores),
            np.array([score.score for score in scores]),
            len(annotation),
            "" if annotation else "No concept is above its cut.",
            np.array(p_values) if tested else None,
            details=tuple(score.detail for score in scores) if detailed else (),
        )

    def _why_unscored(self, layer: LayerInfo, unit: int) -> str:
        if layer.dead[unit]:
            return dead(layer.why_dead(unit))
        reason = ""
        if hasattr(self._module, "unscored"):
            reason = self._module.unscored(self._options, self._reader, layer, unit)
        return reason or "The run has no scores for this neuron."
