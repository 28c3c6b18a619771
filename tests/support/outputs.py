"""A tiny classifier whose outputs come in the forms that people's own models give."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.support.models import TinyClassifier


@dataclass
class Found:
    features: Tensor
    scores: Tensor


Named = namedtuple("Named", "features logits")

OUTPUTS: Mapping[str, Callable[[Tensor, Tensor], Any]] = {
    "plain": lambda _, y: y,
    "dict": lambda f, y: {"features": f, "logits": y},
    "dict by number": lambda f, y: {"embedding": f, "out": y},
    "dict in a dict": lambda f, y: {"loss": None, "out": {"logits": y, "features": f}},
    "features first": lambda f, y: (f, y),
    "None first": lambda _, y: (None, y),
    "data class": Found,
    "named tuple": Named,
    "object": lambda f, y: SimpleNamespace(features=f, logits=y),
    "predictions too": lambda _, y: {"predicted": y.argmax(1), "scores": y},
    "squeezed": lambda _, y: y.squeeze(),
    "sparse": lambda _, y: y.to_sparse(),
    "[n, 3, 1]": lambda _, y: y[:, :, None],
    "[n, 1, 3]": lambda _, y: y[:, None],
    "classes first": lambda _, y: y.T,
    "supervised at three depths": lambda _, y: [y, y + 1, y + 2],
    "one for each class": lambda _, y: [y[:, :1], y[:, 1:2], y[:, 2:]],
    "alike": lambda f, y: {"a": y, "b": 2 * y},
    "flat": lambda _, y: y.flatten(),
    "one number": lambda _, y: y.mean(),
    "predictions only": lambda _, y: y.argmax(1),
    "no tensor": lambda _, y: "mass",
    "nothing": lambda _, y: None,
    "noise": lambda _, y: y + torch.rand_like(y),
    "without a number": lambda _, y: y / 0 * 0,
}
"""What a model makes of its features [n, 6] and its logits [n, classes]"""


class Giving(TinyClassifier):
    """Gives one of OUTPUTS."""

    def __init__(self, form: str, classes: int = 3) -> None:
        super().__init__(classes)
        self.form = form

    def forward(self, films: Tensor) -> Any:
        features = self.second(self.relu(self.first(films))).mean((2, 3))
        return OUTPUTS[self.form](features, self.classifier(features))


def giving(form: str, classes: int = 3) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Giving(form, classes)


class Around(nn.Module):
    """Holds a model that gives several tensors."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.inner = giving(form)

    def forward(self, films: Tensor) -> Tensor:
        found = self.inner(films)
        logits: Tensor = found["logits"] if isinstance(found, dict) else found[-1]
        return logits


def around(form: str) -> nn.Module:
    return Around(form)


class TokensFirst(nn.Module):
    """A transformer as torch makes it by default: its layers give [tokens, n, units]."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 16, 16)
        layer = nn.TransformerEncoderLayer(8, 2, 16)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, films: Tensor) -> Any:
        tokens = self.patches(films).flatten(2).permute(2, 0, 1)
        return self.head(self.encoder(tokens).mean(0))


def tokens_first() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TokensFirst()


class BatchNormed(TinyClassifier):
    """Its batch normalisation is always active, as torch.nn.functional's is by mistake."""

    def forward(self, films: Tensor) -> Tensor:
        return super().forward(functional.batch_norm(films, None, None, training=True))


def batch_normed() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BatchNormed(3)


class WithAge(TinyClassifier):
    def forward(self, films: Tensor, age: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(films) + age


def with_age() -> nn.Module:
    return WithAge(3)


def diverged() -> nn.Module:
    """A model whose training has gone wrong."""
    module = TinyClassifier(3)
    nn.init.constant_(module.classifier.bias, float("nan"))
    return module


def lazy() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(3))


def without_values() -> nn.Module:
    with torch.device("meta"):
        return TinyClassifier(3)


def half() -> nn.Module:
    return TinyClassifier(3).half()
