"""torchvision's classifiers by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import torchvision
from torch import nn

from engine.errors import ConfigError


def builder(name: str) -> Callable[[int], nn.Module]:
    """A function that builds the classifier of that name, with random weights, for a number of outputs.

    Raises ConfigError for a name that torchvision does not have.
    """
    names = torchvision.models.list_models(module=torchvision.models)
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3)
        hint = f"Close ones: {', '.join(close)}." if close else "See torchvision.models.list_models()."
        raise ConfigError(f"target.name: torchvision has no classifier {name!r}. {hint}")

    def build(outputs: int) -> nn.Module:
        return torchvision.models.get_model(name, weights=None, num_classes=outputs)  # type: ignore[no-any-return]

    return build
