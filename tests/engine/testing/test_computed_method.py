"""check_computed_method passes our own methods, and fails each broken promise by its own sentence."""

from __future__ import annotations

import importlib
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from engine.methods import COMPUTED
from engine.store.records import MethodScore
from engine.testing import check_computed_method


@pytest.mark.parametrize("name", COMPUTED)
def test_our_own_methods(name: str) -> None:
    check_computed_method(importlib.import_module(COMPUTED[name]))  # type: ignore[arg-type]


class Options(BaseModel):
    offset: float = 0.5


class Mean:
    """A computed method of what a user must write: each label's mean activation."""

    TITLE = "mean"
    VERSION = 1
    Options = Options

    def check(self, options: Options, images: Sequence[Any], layers: Sequence[Any]) -> None:
        pass

    def follows_vlm(self, options: Options) -> Any:
        return False

    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        labels = sorted({label for image in context.images for label in image.labels})
        scores = []
        for layer in context.layers:
            for label in labels:
                rows = [place for place, image in enumerate(context.images) if label in image.labels]
                means = context.activations(layer.name)[rows].mean(axis=0)
                scores += [MethodScore(layer.name, unit, label, float(mean)) for unit, mean in enumerate(means)]
        return scores

    def annotation(self, options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
        return list(scores[:1])


def test_a_method_that_keeps_its_promises() -> None:
    check_computed_method(Mean())  # type: ignore[arg-type]


class Changes(Mean):
    """Scores that an option changes at each computation, or with the batch size."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes

    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        return [replace(score, **self.changes) for score in super().compute(options, context)]


class IsRandom(Mean):
    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        return [replace(score, score=random.random()) for score in super().compute(options, context)]


class SeesBatches(Mean):
    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        return [replace(s, score=s.score + context.batch_size) for s in super().compute(options, context)]


class LeavesAHook(Mean):
    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        context.target.module.register_forward_hook(lambda *_: None)
        return super().compute(options, context)


class Trains(Mean):
    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        context.target.module.train()
        return super().compute(options, context)


class ComputesNothing(Mean):
    def compute(self, options: Options, context: Any) -> list[MethodScore]:
        return []


class AnnotatesOthers(Mean):
    def annotation(self, options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
        return [MethodScore("conv", 0, "another", 1.0)]


class AnnotatesBackwards(Mean):
    def annotation(self, options: Options, scores: Sequence[MethodScore]) -> list[MethodScore]:
        return list(scores[::-1])


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        (type("B", (Mean,), {"TITLE": ""})(), "TITLE must be a text that is not empty"),
        (type("B", (Mean,), {"VERSION": "1"})(), "VERSION must be a whole number"),
        (type("B", (Mean,), {"Options": dict})(), "Options must be a pydantic model"),
        (type("B", (Mean,), {"follows_vlm": lambda *_: None})(), "follows_vlm must return True or False"),
        (ComputesNothing(), "compute must return scores for this run"),
        (LeavesAHook(), "compute must leave the target model as it is"),
        (Trains(), "compute must leave the target model as it is"),
        (Changes(layer="head"), "a score's layer must be one of the run's, not 'head'"),
        (Changes(unit=99), "a score's unit must be one of the 6 of conv, not 99"),
        (Changes(concept=""), "a score's concept must be a text that is not empty"),
        (Changes(score=float("nan")), "a score must be finite, not nan"),
        (Changes(p_value=1.5), "a p-value must lie between 0 and 1, not 1.5"),
        (IsRandom(), "compute must return the same scores for the same run"),
        (SeesBatches(), "compute must return the same scores whatever the batch size"),
        (AnnotatesOthers(), "annotation must choose among the scores that it is given"),
        (type("B", (Mean,), {"title": lambda *_: ""})(), "title must return a text that is not empty, not ''"),
        (type("B", (Mean,), {"nothing": lambda *_: None})(), "nothing must return a text, not None (conv:0)"),
        (type("B", (Mean,), {"nothing": lambda *_: "No."})(), "a neuron for which nothing gives a reason has no"),
        (AnnotatesBackwards(), "annotation must return the best score first"),
    ],
)
def test_a_broken_promise_is_named(method: Any, sentence: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_computed_method(method)
    assert str(raised.value).startswith(sentence)
