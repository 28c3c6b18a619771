"""The layers that depend on tensors without trained weights are found, and no others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import MammiError
from engine.targets.base import TargetModel
from engine.targets.untrained import untrained_layers


class Branched(nn.Module):
    """A stem, two branches whose sum goes on, a token that joins late, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.left = nn.Conv2d(4, 4, 1)
        self.right = nn.Conv2d(4, 4, 1)
        self.token = nn.Parameter(torch.zeros(4))
        self.last = nn.Identity()
        self.head = nn.Linear(4, 2)

    def forward(self, films: Tensor) -> Tensor:
        maps = self.stem(films)
        joined = self.left(maps) + self.right(maps)
        logits: Tensor = self.head(self.last(joined.mean((2, 3)) + self.token))
        return logits


LAYERS = ("stem", "left", "right", "last", "penultimate", "head", "logits")


def preprocess(film: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(film[None, :16, :16].astype(np.float32))


def depending(*untrained: str) -> dict[str, str]:
    module = Branched()
    module.right.requires_grad_(False)
    found = untrained_layers(TargetModel(module, preprocess, (), "", "branched", frozenset(untrained)), LAYERS)
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())
    assert not any(parameter.requires_grad for parameter in module.right.parameters())
    assert all(parameter.requires_grad for parameter in module.left.parameters())
    return found


@pytest.mark.parametrize(
    ("untrained", "layers"),
    [
        ((), ()),
        (("head.bias",), ("head", "logits")),
        (("token",), ("last", "penultimate", "head", "logits")),
        (("right.weight",), ("right", "last", "penultimate", "head", "logits")),
        (("stem.0.weight",), LAYERS),
        (("stem.1.running_var",), LAYERS),
    ],
)
def test_what_is_computed_from_an_untrained_tensor_is_found(untrained: Sequence[str], layers: Sequence[str]) -> None:
    assert depending(*untrained) == {layer: f"no trained weights for {', '.join(untrained)}" for layer in layers}


def test_each_layer_names_its_own_tensors() -> None:
    found = depending("left.weight", "head.bias", "head.weight", "token")
    assert found["left"] == "no trained weights for left.weight"
    assert found["last"] == "no trained weights for left.weight, token"
    assert found["logits"] == "no trained weights for head.bias, head.weight, left.weight and 1 more"


def test_a_tensor_that_the_model_does_not_have() -> None:
    with pytest.raises(MammiError, match=r"branched has no tensor 'tail', which TargetModel\.untrained names\."):
        depending("tail")
