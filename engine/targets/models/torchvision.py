"""torchvision's classifiers by name."""

from __future__ import annotations

from collections.abc import Callable

import torchvision
from torch import nn

from engine.errors import ConfigError
from engine.likeness import closest

CHANNELS = 3
"""What torchvision's own classifiers take"""


def builder(name: str, channels: int) -> Callable[[int], nn.Module]:
    """A function that builds the classifier of that name, with random weights, for a number of outputs.

    Its inputs have `channels`: the first convolution is replaced where that is not CHANNELS. Raises ConfigError for a
    name that torchvision does not have.
    """
    names = torchvision.models.list_models(module=torchvision.models)
    if name not in names:
        close = closest(name, names, n=3)
        hint = f"Close ones: {', '.join(close)}." if close else "See torchvision.models.list_models()."
        raise ConfigError(f"target.name: torchvision has no classifier {name!r}. {hint}")

    def build(outputs: int) -> nn.Module:
        module: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=outputs)
        if channels != CHANNELS:
            _replace_stem(module, channels)
        return module

    return build


def _replace_stem(module: nn.Module, channels: int) -> None:
    name, stem = next((name, child) for name, child in module.named_modules() if isinstance(child, nn.Conv2d))
    module.set_submodule(
        name,
        nn.Conv2d(
            channels,
            stem.out_channels,
            kernel_size=stem.kernel_size,  # type: ignore[arg-type]  # of two numbers
            stride=stem.stride,  # type: ignore[arg-type]
            padding=stem.padding,  # type: ignore[arg-type]
            dilation=stem.dilation,  # type: ignore[arg-type]
            bias=stem.bias is not None,
        ),
    )
