"""check_target passes our own kinds, and fails each broken promise by its own sentence."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.targets import KINDS
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from engine.testing import check_target
from tests.support import kinds
from tests.support.models import tiny_target

CLASSES = ("effusion", "mass", "hernia")
PREPROCESSING = Preprocessing(size=32, crop=32, channels=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_our_own_kinds(kind: str, tmp_path: Path) -> None:
    leaf = kinds.chosen(tmp_path, "target", kind)
    check_target(lambda: leaf.load(tmp_path))


def good(**changes: Any) -> TargetModel:
    return replace(TargetModel(tiny_target(), PREPROCESSING, CLASSES, "tiny", "a tiny model"), **changes)


def test_a_target_model_that_keeps_its_promises() -> None:
    check_target(good)
    check_target(lambda: good(classes=()))
    check_target(lambda: good(module=Wrapped(after=lambda x: {"features": x[:, :2], "logits": x})))


class Wrapped(nn.Module):
    """A tiny model whose inputs or outputs a function changes."""

    def __init__(self, before: Callable[[Any], Any] = lambda x: x, after: Callable[[Any], Any] = lambda x: x) -> None:
        super().__init__()
        self.inner = tiny_target()
        self.before, self.after = before, after

    def forward(self, films: torch.Tensor) -> Any:
        return self.after(self.inner(self.before(films)))


def prepared(change: Callable[[Any], Any]) -> Callable[[], TargetModel]:
    return lambda: good(preprocess=lambda film: change(PREPROCESSING(film)))


def changed(film: np.ndarray) -> torch.Tensor:
    film[0, 0] ^= 1
    return PREPROCESSING(film)


def fussy(film: np.ndarray) -> torch.Tensor:
    if film.shape[1] == 1:
        raise KeyError("column")
    return PREPROCESSING(film)


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (lambda: good(identity=""), "identity must be a text that is not empty, not ''"),
        (lambda: good(module=len), "module must be an nn.Module"),
        (lambda: good(classes=["a", "b", "c"]), "classes must be a tuple of texts"),
        (lambda: good(classes=("a", "b")), "module must return an output for each of the 2 classes, not 3"),
        (prepared(lambda x: x.numpy()), "preprocess must return a tensor, not a ndarray"),
        (prepared(torch.Tensor.double), "preprocess must return float32, not torch.float64"),
        (prepared(lambda x: x / 0), "preprocess must return finite numbers"),
        (prepared(lambda x: x + random.random()), "preprocess must return the same input for a film each time"),
        (
            lambda: good(preprocess=lambda film: torch.from_numpy(film.astype(np.float32))[None]),
            "preprocess must return one shape for films of any size",
        ),
        (lambda: good(preprocess=changed), "preprocess must not change the film that it is given"),
        (
            lambda: good(preprocess=fussy),
            "preprocess of a film of 1 × 1 pixels may raise UnreadableImage only, not KeyError",
        ),
        (lambda: good(module=Wrapped(after=lambda x: x[:1])), "module must return a row for each of 4 images"),
        (
            lambda: good(module=Wrapped(after=lambda x: [x, -x])),
            'what module returns must hold the classes\' outputs: it gives a list of "0" [n, 3] and "1" [n, 3]: choose',
        ),
        (
            lambda: good(module=Wrapped(after=lambda x: x + random.random())),
            "module must return the same outputs for the same inputs",
        ),
        (
            lambda: good(module=Wrapped(before=lambda x: x - x.mean(dim=0) / 2)),
            "module must return the same outputs for an image in any batch",
        ),
        (lambda: good(identity=str(random.random())), "identity must be the same whenever the target model is loaded"),
        (
            lambda: good(module=tiny_target(seed=random.randrange(10**9))),
            "a target model of the same identity must give the same outputs: is a weight left at random?",
        ),
    ],
)
def test_a_broken_promise_is_named(load: Callable[[], TargetModel], sentence: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_target(load)
    assert str(raised.value).startswith(sentence)
