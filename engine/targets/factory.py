"""The user's own target model, from the user's own function. Naming it in a configuration runs its code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from engine.errors import ConfigError
from engine.factories import call_factory, call_facts, find_factory
from engine.keys import content_key
from engine.targets.base import TargetModel, check_target
from engine.targets.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn


class Options(BaseModel, extra="forbid", frozen=True):
    """`[target]` of a configuration with kind = "factory"."""

    factory: str
    """ "package.module:function", installed or beside the configuration. It returns an nn.Module with its weights, or a
    whole TargetModel, which then brings its own preprocessing, classes and identity. The function, its arguments and
    the source of the model's classes are added to that identity."""
    arguments: dict[str, Any] = {}
    """Keyword arguments of the function"""
    classes: tuple[str, ...] = ()
    preprocessing: Preprocessing = Preprocessing()


def identity(options: Options, base: Path) -> None:
    """None: only calling the function shows what it makes."""


def load(options: Options, base: Path) -> TargetModel:
    """Calls the function. Raises MammiError when it is not found, raises, or returns something else.

    Whether the model has trained weights cannot be seen: it is taken as trained, unless a TargetModel says otherwise.
    """
    from torch import nn
    from torch.jit import ScriptModule

    from engine.weights.checkpoint import fingerprint

    factory = find_factory(options.factory, base, "target.factory")
    made = call_factory(factory, options.arguments, options.factory, "target.factory")
    if not isinstance(made, (TargetModel, nn.Module)):
        raise ConfigError(f"target.factory: {options.factory} returned a {type(made).__name__}, not an nn.Module.")
    if isinstance(made.module if isinstance(made, TargetModel) else made, ScriptModule):
        raise ConfigError(
            f"target.factory: {options.factory} returned a TorchScript module, whose layers cannot be tapped.",
            "Return the nn.Module that it was made from, with module.load_state_dict(scripted.state_dict()).",
        )
    if isinstance(made, TargetModel):
        check_target(made, "target.factory")
    _check_values(made.module if isinstance(made, TargetModel) else made, options.factory)
    if isinstance(made, TargetModel):
        parts = (*made.module.modules(), made.preprocess)
        call = call_facts(factory, options.arguments, options.factory, parts)
        return replace(made, identity=content_key(made.identity, call))
    call = call_facts(factory, options.arguments, options.factory, tuple(made.modules()))
    return TargetModel(
        module=made,
        preprocess=options.preprocessing,
        classes=options.classes,
        identity=fingerprint(made, options.preprocessing, content_key(call)),
        name=options.factory,
    )


def _check_values(module: nn.Module, factory: str) -> None:
    """Raises ConfigError for a module some of whose tensors have no values yet."""
    from torch.nn.parameter import is_lazy

    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if is_lazy(tensor):
            raise ConfigError(
                f"target.factory: {factory} returned a module whose {name} has no shape yet, as its layer is lazy.",
                "Load the trained weights into the module before it is returned.",
            )
        if tensor.is_meta:
            raise ConfigError(
                f"target.factory: {factory} returned a module whose {name} has no values (it is on the meta device).",
                "Load the trained weights with module.load_state_dict(weights, assign=True).",
            )
