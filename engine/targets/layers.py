"""Lists the layers of a target model: the output for one image, the units, or the reason why one cannot be tapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import failing_as
from engine.targets.base import TargetModel
from engine.targets.taps import LOGITS, PENULTIMATE, Channels, Pooling, Taps, unit_axis
from engine.targets.untrained import untrained_layers


@dataclass(frozen=True, slots=True)
class ListedLayer:
    """A layer, or an alias of one."""

    name: str
    module: str
    """The type of its module; for an alias, what it stands for"""
    shape: tuple[int, ...] = ()
    """The shape of its output for one image; () if that is not a tensor"""
    units: int | None = None
    problem: str = ""
    """Why it gives no activations; empty for a layer that does"""
    untrained: str = ""
    """Why its activations are not those of a trained model; empty if they are"""


@dataclass(frozen=True, slots=True)
class Listing:
    """All layers of a target model."""

    input_shape: tuple[int, ...]
    """The shape of one image's input, [c, h, w]"""
    layers: tuple[ListedLayer, ...]
    """In the model's order, the aliases last"""


def list_layers(target: TargetModel, pooling: Pooling, channels: Channels) -> Listing:
    """All layers, found by passing a black film through the model. Raises MammiError when the model fails."""
    module = target.module.eval()
    modules = {name: type(child).__name__ for name, child in module.named_modules() if name}
    linear = [name for name, child in module.named_modules() if isinstance(child, nn.Linear)]
    aliases = {PENULTIMATE: f"the input of {linear[-1]}"} if linear else {}
    aliases[LOGITS] = "the model's output"
    with failing_as("target: preprocessing a black film failed"):
        film = target.preprocess(np.zeros((256, 256), np.uint8))
    with (
        _Outputs(module, [*modules, *aliases]) as taps,
        failing_as(f"target: the model failed on an input of shape {list(film.shape)}"),
        torch.inference_mode(),
    ):
        module(film[None])
    kinds = [*modules.items(), *aliases.items()]
    layers = [_listed(name, kind, taps.outputs.get(name), pooling, channels) for name, kind in kinds]
    untrained = untrained_layers(target, [layer.name for layer in layers if not layer.problem])
    marked = [replace(layer, untrained=untrained.get(layer.name, "")) for layer in layers]
    return Listing(tuple(film.shape), tuple(marked))


class _Outputs(Taps):
    """Keeps the shape of each layer's output, or its type if that is not a tensor."""

    def __init__(self, module: nn.Module, layers: Sequence[str]) -> None:
        super().__init__(module, layers, "mean")
        self.outputs: dict[str, tuple[int, ...] | str] = {}

    def keep(self, layer: str, output: Any) -> None:
        first = output[0] if isinstance(output, (tuple, list)) and output else output
        self.outputs[layer] = tuple(first.shape) if isinstance(first, Tensor) else type(first).__name__


def _listed(
    name: str, module: str, output: tuple[int, ...] | str | None, pooling: Pooling, channels: Channels
) -> ListedLayer:
    if output is None:
        return ListedLayer(name, module, problem="not used in the forward pass")
    if isinstance(output, str):
        return ListedLayer(name, module, problem=f"gives a {output}, not a tensor")
    images, *shape = output or (0,)
    axis = unit_axis(output, channels)
    problem = ""
    if axis is None:
        problem = "has no units"
    elif images != 1:
        problem = f"gives {images} rows for one image"
    elif pooling == "cls" and len(shape) == 3:
        problem = "gives maps, which cls cannot pool"
    return ListedLayer(name, module, tuple(shape), None if axis is None else output[axis], problem)
