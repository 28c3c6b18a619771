"""A computed method that counts its calls, for tests to put into engine.methods.COMPUTED."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

from engine.errors import MammiError
from engine.methods.context import MethodContext
from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.records import MethodScore

VERSION = 1
asked: list[str] = []
"""One entry for each call"""


class Options(BaseModel, extra="forbid", frozen=True):
    factor: float = 1.0
    fail: bool = False
    follows: bool = True


def check(options: Options, images: Sequence[Image], layers: Sequence[Layer]) -> None:
    """Refuses nothing."""


def follows_vlm(options: Options) -> bool:
    return options.follows


def compute(options: Options, context: MethodContext) -> list[MethodScore]:
    """The mean activation of each unit, for its most active image's path."""
    asked.append("compute")
    if options.fail:
        raise MammiError("methods.counting: fails on request.")
    context.progress.stage("counting", len(context.layers))
    scores = []
    for layer in context.layers:
        values = context.activations(layer.name)
        assert len(values) == len(context.images) == len(context.image_embeddings)
        for unit, mean in enumerate(options.factor * values.mean(axis=0)):
            path = context.images[int(np.argmax(values[:, unit]))].path
            scores.append(MethodScore(layer.name, unit, path, float(mean), None, "mean"))
        context.progress.advance(1)
    assert not context.target.module.training
    assert len(context.text_embeddings) == len(context.concepts)
    return scores
