"""Activation maps of layers of a forward pass: the activation of each unit at each position of the input.

The output of a convolution is a map already, with units first or last (engine.targets.taps.unit_axis). Tokens are laid
out as the square grid of their patches; class, distillation and register tokens before them are left out. A layer of
vectors has maps if global average pooling made the vectors. The pooled layer has the maps that were pooled, and the
last nn.Linear after it has class activation maps (Zhou et al., "Learning Deep Features for Discriminative
Localization", CVPR 2016): the linear layer applied at each position. Maps of vectors are used only if their mean over
the positions equals the layer's output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from engine.targets.outputs import Reading
from engine.targets.taps import Channels, Taps, last_linear, unit_axis

_BEFORE_PATCHES = (0, 1, 2, 5)
"""Numbers of tokens before the patches: none, a class token, also a distillation token, or also four registers"""
_AVERAGES: tuple[Callable[..., Any], ...] = (
    functional.adaptive_avg_pool2d,
    functional.avg_pool2d,
    torch.mean,
    Tensor.mean,
)
_CLOSE = 1e-2
"""The most by which a mean of maps may differ, as a share of the greatest value; mixed precision is imprecise"""


def as_maps(output: Tensor, channels: Channels) -> Tensor | None:
    """A view of a layer's output as maps [n, units, h, w]; None if it has no grid of positions."""
    axis = unit_axis(output.shape, channels)
    if output.ndim == 4:
        maps = output.movedim(3, 1) if axis == 3 else output
        return maps if maps.shape[2] * maps.shape[3] > 1 else None
    if output.ndim == 3 and axis == 2:
        for before in _BEFORE_PATCHES:
            side = isqrt(max(output.shape[1] - before, 0))
            if side > 1 and side * side == output.shape[1] - before:
                return output[:, before:].movedim(2, 1).reshape(len(output), -1, side, side)
    return None


def maps_of_vectors(vectors: Tensor, pooled: Tensor, linear: nn.Linear | None, bias: bool = True) -> Tensor | None:
    """The maps whose mean over the positions is these vectors [n, units]: the pooled maps [n, c, h, w] or those of the
    last linear layer, with its bias at each position if `bias`; None if neither fits. Films whose vectors are not
    finite say nothing of that."""
    finite = vectors.isfinite().all(1)
    candidates = [(pooled, pooled.new_zeros(()))]
    if linear is not None and linear.in_features == pooled.shape[1]:
        maps = functional.conv2d(pooled, linear.weight.float()[:, :, None, None])
        own = linear.bias
        candidates.append((maps, maps.new_zeros(()) if own is None else own.float()[:, None, None]))
    for maps, added in candidates:
        if maps.shape[:2] == vectors.shape:
            off = ((maps + added).mean((2, 3)) - vectors)[finite].abs()
            if not len(off) or off.amax() <= _CLOSE * vectors[finite].abs().amax():
                return maps + added if bias else maps.clone()
    return None


def linear_of(module: nn.Module) -> nn.Linear | None:
    """The last linear layer; None for a model without one."""
    return last_linear(module) if any(isinstance(child, nn.Linear) for child in module.modules()) else None


class MapTaps(Taps):
    """Holds hooks on layers within a `with` block, and keeps the maps of a forward pass.

        with MapTaps(module, layers, channels, readings) as taps:
            maps = taps.forward(inputs)  # layer -> [n, units, h, w]; layers without maps are absent

    As in Taps, a layer that is used several times gives its last output, `readings` says how to take a tensor from an
    output, and a later in-place operation does not change what is kept. `bias` says whether class activation maps have
    the bias of the linear layer at each position.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        channels: Channels,
        readings: Mapping[str, Reading] | None = None,
        bias: bool = True,
    ) -> None:
        self._linear = linear_of(module)
        self._bias = bias
        super().__init__(module, layers, "mean", channels, readings)
        self._outputs: dict[str, Tensor] = {}

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Runs the module. Raises ConfigError for a layer that returns no tensor."""
        self._outputs.clear()
        with LastAverage() as average:
            self._module(inputs)
        pooled = average.maps(self._channels)
        maps = {}
        for layer, output in self._outputs.items():
            own = as_maps(output, self._channels)
            if own is None and pooled is not None:
                own = maps_of_vectors(output.flatten(1), pooled, self._linear, self._bias)
            if own is not None:
                maps[layer] = own
        self._outputs.clear()
        return maps

    def keep(self, layer: str, output: Any) -> None:
        self._outputs[layer] = self.tensor(layer, output).detach().to(torch.float32, copy=True)

    def _remove(self) -> None:
        super()._remove()
        self._outputs.clear()


class LastAverage(TorchFunctionMode):
    """Keeps the input of the last average over positions in a forward pass."""

    given: Tensor | None = None

    def maps(self, channels: Channels) -> Tensor | None:
        """That input as maps [n, units, h, w]; None if there was none."""
        return None if self.given is None else as_maps(self.given.detach().float(), channels)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in _AVERAGES and args and isinstance(args[0], Tensor) and args[0].ndim in (3, 4):
            self.given = args[0]
        return output
