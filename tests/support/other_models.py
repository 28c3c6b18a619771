"""Copies of the demo's target model that a configuration's `factory` can name: with permuted units or a changed
layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.keys import content_key
from engine.targets import demo
from engine.targets.base import TargetModel


class Permuted(nn.Module):
    """A module with its channels in another order."""

    def __init__(self, module: nn.Module, order: Tensor) -> None:
        super().__init__()
        self.module = module
        self.order = order

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.module(inputs)
        return outputs[:, self.order]


class Restored(nn.Module):
    """A module that gets its channels in another order, and puts them back."""

    def __init__(self, module: nn.Module, order: Tensor) -> None:
        super().__init__()
        self.module = module
        self.places = order.argsort()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.module(inputs[:, self.places])
        return outputs


def orders(seed: int) -> tuple[Tensor, Tensor]:
    """Where the units of features.denseblock3 and features.norm5 come from in the permuted copy."""
    generator = torch.Generator().manual_seed(seed)
    model = demo.load(demo.Options(), Path()).module
    block, last = model.features.transition3.norm.num_features, model.features.norm5.num_features
    return torch.randperm(block, generator=generator), torch.randperm(last, generator=generator)


def permuted_demo(seed: int = 1) -> TargetModel:
    """The demo's model with the units of two layers in another order: it computes the same."""
    target = demo.load(demo.Options(), Path())
    model = target.module
    block, last = orders(seed)
    model.features.denseblock3 = Permuted(model.features.denseblock3, block)
    model.features.transition3 = Restored(model.features.transition3, block)
    model.features.norm5 = Permuted(model.features.norm5, last)
    model.classifier.weight.data = model.classifier.weight.data[:, last]
    return replace(target, module=model, identity=content_key("permuted", seed))


def perturbed_demo(noise: float = 1.0) -> TargetModel:
    """The demo's model with noise on the weights between its features.denseblock3 and features.norm5."""
    target = demo.load(demo.Options(), Path())
    generator = torch.Generator().manual_seed(0)
    weights = target.module.features.transition3.conv.weight.data
    weights += noise * weights.std() * torch.randn(weights.shape, generator=generator)
    return replace(target, identity=content_key("perturbed", noise))
