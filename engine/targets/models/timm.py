"""timm's classifiers by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import timm
from torch import nn

from engine.errors import ConfigError
from engine.factories import call_factory
from engine.likeness import closest


def builder(name: str, channels: int, arguments: Mapping[str, bool | int | float | str]) -> Callable[[int], nn.Module]:
    """A function that builds the classifier of that name, with random weights, for a number of outputs.

    Its inputs have `channels`. `arguments` are passed on to timm.create_model. Raises ConfigError for a name that timm
    does not have.
    """
    if not timm.is_model(name):
        close = closest(name, timm.list_models(), n=3)
        hint = f"Close ones: {', '.join(close)}." if close else "See timm.list_models()."
        raise ConfigError(f"target.name: timm has no model {name!r}. {hint}")

    def build(outputs: int) -> nn.Module:
        whole = {
            "model_name": name,
            "pretrained": False,
            "num_classes": outputs,
            "in_chans": channels,
            **arguments,
        }
        return call_factory(timm.create_model, whole, name, "target.name")  # type: ignore[no-any-return]

    return build
