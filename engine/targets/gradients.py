"""Gradients of a model's outputs by its layers' activations, pooled as the run pools the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from engine.errors import ConfigError, MammiError
from engine.targets.outputs import Reading
from engine.targets.taps import Channels, Pooling, Taps, pool, unit_axis


def pooled_gradient(gradient: Tensor, pooling: Pooling, channels: Channels) -> Tensor:
    """Turns the gradient ∂y/∂a by a layer's output a into the gradient by its pooled activations, [n, units].

    Adding v to the units at every position changes their mean, and their maximum, by exactly v. The derivative along v
    is therefore v · Σ over positions of ∂y/∂a. For `cls`, v is added to the class token only.
    """
    if gradient.ndim == 2:
        return gradient
    axis = unit_axis(gradient.shape, channels)
    if pooling == "cls" and gradient.ndim == 3 and axis == 2:
        return gradient[:, 0]
    return gradient.sum([place for place in range(1, gradient.ndim) if place != axis])


class GradientTaps(Taps):
    """Holds hooks on layers within a `with` block, and computes gradients of the final layer's units.

        with GradientTaps(module, layers, final, "mean", channels, readings) as taps:
            gradients = taps.gradients(inputs, unit)  # layer -> [n, units]

    A gradient is by a layer's output as it was before any later in-place operation, such as an in-place ReLU. For a
    layer that is used several times it is by the last use. The parameters' own gradients are not changed.
    `source` names in messages what asks for the gradients.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        final: str,
        pooling: Pooling,
        channels: Channels,
        readings: Mapping[str, Reading] | None = None,
        source: str = "methods.tcav",
    ) -> None:
        super().__init__(module, [*layers, final], pooling, channels, readings)
        self._final = final
        self._source = source
        self._edges: dict[str, GradientEdge] = {}
        self._given: dict[str, Tensor] = {}
        """What each layer gave in the pass, as [n, …], while `shares` asks for it"""
        self._copying = False

    def gradients(self, inputs: Tensor, unit: int) -> dict[str, Tensor]:
        """For each layer, the gradients of the final layer's unit by the pooled activations, float32 [n, units].

        Raises ConfigError for a layer that is not used or that the unit does not depend on.
        """
        with torch.enable_grad():
            try:
                output = self._forward(inputs)
                found = self._by_position(output, unit, last=True)
            finally:
                self._forget()
        return {layer: pooled_gradient(each, self._pooling, self._channels) for layer, each in found.items()}

    def shares(self, inputs: Tensor, wanted: Sequence[int] | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The final layer's activations y [n, classes], and for each layer the share that its units have in them,
        [n, classes, units]: a · ∂y/∂a, summed over the positions that the run pools. `wanted` are the classes, all if
        None.

        This is the first term of the Taylor form of the Shapley value (Khakzar et al., "Neural Response Interpretation
        through the Lens of Critical Pathways", CVPR 2021). Raises ConfigError as `gradients` does.
        """
        with torch.enable_grad():
            try:
                self._copying = True
                output = self._forward(inputs)
                classes = list(range(output.shape[1])) if wanted is None else list(wanted)
                shares: dict[str, list[Tensor]] = {layer: [] for layer in self._layers[:-1]}
                for number, unit in enumerate(classes, start=1):
                    for layer, gradient in self._by_position(output, unit, last=number == len(classes)).items():
                        product = self._given[layer] * gradient
                        shares[layer].append(pooled_gradient(product, self._pooling, self._channels))
            finally:
                self._copying = False
                self._forget()
        return output.detach()[:, classes], {layer: torch.stack(each, dim=1) for layer, each in shares.items()}

    def _forward(self, inputs: Tensor) -> Tensor:
        """The final layer's activations [n, units], with the graph that leads to them."""
        source = inputs.requires_grad_()
        self._module(source.clone())  # a clone: some models normalise their input in place
        return self.pooled()[self._final]

    def _by_position(self, output: Tensor, unit: int, last: bool) -> dict[str, Tensor]:
        """The gradients of one unit of `output` by each layer's output, as [n, …]. Only the part of the model above the
        lowest layer is gone through. The graph is freed at the `last` one."""
        layers = self._layers[:-1]
        found = torch.autograd.grad(
            output[:, unit].sum(), [self._edges[layer] for layer in layers], retain_graph=not last, allow_unused=True
        )
        gradients = {}
        for layer, gradient in zip(layers, found, strict=True):
            if gradient is None:
                raise ConfigError(f"{self._source}: {self._final!r} does not depend on layer {layer!r}: leave it out.")
            gradients[layer] = self.reading(layer).by_image(gradient.float())
        return gradients

    def keep(self, layer: str, output: Any) -> None:
        reading = self.reading(layer)
        picked = reading.pick(layer, output)
        if not picked.requires_grad:
            raise MammiError(f"{self._source}: the target model's code has no gradients for layer {layer!r}.")
        if layer == self._final:
            self._pooled[layer] = pool(reading.by_image(picked), self._pooling, layer, self._channels)
            return
        self._pooled[layer] = picked.new_empty(0)  # marks the layer as used
        self._edges[layer] = get_gradient_edge(picked)
        if self._copying:
            self._given[layer] = reading.by_image(picked.detach()).to(torch.float32, copy=True)

    def _forget(self) -> None:
        self._edges.clear()
        self._given.clear()
        self._pooled.clear()

    def _remove(self) -> None:
        super()._remove()
        self._forget()
