"""The promises of engine.methods.base.ComputedMethod."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from engine.methods.base import ComputedMethod
from engine.store.records import MethodScore
from engine.testing.context import small_context
from engine.testing.promises import expect

if TYPE_CHECKING:
    from engine.methods.context import MethodContext

TOLERANCE = 1e-3
"""How far a score may move with the size of the batches"""


def check_computed_method(
    method: ComputedMethod,
    options: Mapping[str, Any] | None = None,
    context: Callable[[int], MethodContext] = small_context,
) -> None:
    """Checks the module of a method that is computed with a run, with the options of its table [methods.NAME].

    `context` returns the run's context for a batch size.
    """
    expect(isinstance(method.TITLE, str) and method.TITLE, "TITLE must be a text that is not empty")
    expect(isinstance(method.VERSION, int), "VERSION must be a whole number")
    expect(issubclass(method.Options, BaseModel), "Options must be a pydantic model")
    chosen = method.Options.model_validate(options or {})
    expect(isinstance(method.follows_vlm(chosen), bool), "follows_vlm must return True or False")
    if hasattr(method, "title"):
        title = method.title(chosen)
        expect(isinstance(title, str) and title, f"title must return a text that is not empty, not {title!r}")
    run = context(16)
    method.check(chosen, run.images, run.layers)
    before = _state(run)
    scores = method.compute(chosen, run)
    expect(_state(run) == before, "compute must leave the target model as it is: its hooks, its mode and its weights")
    _check_scores(scores, run)
    again = method.compute(chosen, context(16))
    expect(again == scores, "compute must return the same scores for the same run")
    smaller = method.compute(chosen, context(7))
    names = [(score.layer, score.unit, score.concept, score.detail) for score in scores]
    others = [(score.layer, score.unit, score.concept, score.detail) for score in smaller]
    close = sorted(names) == sorted(others) and np.allclose(
        sorted(score.score for score in scores), sorted(score.score for score in smaller), atol=TOLERANCE
    )
    expect(close, "compute must return the same scores whatever the batch size")
    for neuron, found in groupby(sorted(scores, key=_neuron), key=_neuron):
        own = sorted(found, key=lambda score: -score.score)
        annotation = method.annotation(chosen, own)
        if hasattr(method, "nothing"):
            reason = method.nothing(chosen, own)
            expect(isinstance(reason, str), f"nothing must return a text, not {reason!r} ({neuron[0]}:{neuron[1]})")
            silent = not (reason and annotation)
            expect(silent, f"a neuron for which nothing gives a reason has no annotation ({neuron[0]}:{neuron[1]})")
        among = all(score in own for score in annotation)
        expect(among, f"annotation must choose among the scores that it is given ({neuron[0]}:{neuron[1]})")
        descending = all(one.score >= other.score for one, other in pairwise(annotation))
        expect(descending, f"annotation must return the best score first ({neuron[0]}:{neuron[1]})")


def _check_scores(scores: list[MethodScore], run: MethodContext) -> None:
    expect(scores, "compute must return scores for this run, whose images have labels, boxes and concepts")
    units = {layer.name: run.activations(layer.name).shape[1] for layer in run.layers}
    for score in scores:
        expect(score.layer in units, f"a score's layer must be one of the run's, not {score.layer!r}")
        inside = 0 <= score.unit < units[score.layer]
        expect(inside, f"a score's unit must be one of the {units[score.layer]} of {score.layer}, not {score.unit}")
        expect(isinstance(score.concept, str) and score.concept, "a score's concept must be a text that is not empty")
        expect(math.isfinite(score.score), f"a score must be finite, not {score.score}")
        probable = score.p_value is None or 0 <= score.p_value <= 1
        expect(probable, f"a p-value must lie between 0 and 1, not {score.p_value}")


def _state(run: MethodContext) -> object:
    module = run.target.module
    hooks = sum(len(child._forward_hooks) + len(child._forward_pre_hooks) for child in module.modules())
    weights = [value.detach().cpu().numpy().tobytes() for value in module.state_dict().values()]
    wanted = [parameter.requires_grad for parameter in module.parameters()]
    return hooks, module.training, weights, wanted


def _neuron(score: MethodScore) -> tuple[str, int]:
    return score.layer, score.unit
