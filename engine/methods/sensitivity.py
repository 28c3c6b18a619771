"""The sensitivity of a class's output to a layer's activations: gradients, pooled as the run pools the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from engine.errors import ConfigError, MammiError, failing_as
from engine.methods.context import MethodContext
from engine.methods.films import film_batches
from engine.store.contents import Layer
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

    Hooks on the tensors themselves give the gradient with respect to a layer's output before any later in-place
    operation, such as an in-place ReLU. For a layer that is used several times it is the gradient of the last use. The
    parameters' own gradients are neither needed nor changed.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        final: str,
        pooling: Pooling,
        channels: Channels,
        readings: Mapping[str, Reading] | None = None,
    ) -> None:
        super().__init__(module, [*layers, final], pooling, channels, readings)
        self._final = final
        self._watched: dict[str, RemovableHandle] = {}
        self._gradients: dict[str, Tensor] = {}

    def gradients(self, inputs: Tensor, unit: int) -> dict[str, Tensor]:
        """For each layer, the gradients of the final layer's unit with respect to the pooled activations, float32.

        Raises ConfigError for a layer that is not used or that the unit does not depend on.
        """
        source = inputs.requires_grad_()
        try:
            with torch.enable_grad():
                self._module(source.clone())  # a clone: some models normalise their input in place
                output = self.pooled()[self._final]
                torch.autograd.grad(output[:, unit].sum(), source)
            found = dict(self._gradients)
        finally:
            self._forget()
        for layer in self._layers[:-1]:
            if layer not in found:
                raise ConfigError(f"methods.tcav: {self._final!r} does not depend on layer {layer!r}: leave it out.")
        return found

    def keep(self, layer: str, output: Any) -> None:
        reading = self.reading(layer)
        picked = reading.pick(layer, output)
        if not picked.requires_grad:
            raise MammiError(f"methods.tcav: the target model's code has no gradients for layer {layer!r}.")
        if layer == self._final:
            self._pooled[layer] = pool(reading.by_image(picked), self._pooling, layer, self._channels)
            return
        if layer in self._watched:
            self._watched[layer].remove()
        self._pooled[layer] = picked.new_empty(0)  # marks the layer as used

        def watch(gradient: Tensor) -> None:
            by_image = reading.by_image(gradient.detach().float())
            self._gradients[layer] = pooled_gradient(by_image, self._pooling, self._channels)

        self._watched[layer] = picked.register_hook(watch)  # type: ignore[no-untyped-call]

    def _forget(self) -> None:
        for handle in self._watched.values():
            handle.remove()
        self._watched.clear()
        self._gradients.clear()
        self._pooled.clear()

    def _remove(self) -> None:
        super()._remove()
        self._forget()


def class_gradients(
    context: MethodContext, layers: Sequence[Layer], final: Layer, unit: int, rows: Sequence[int]
) -> dict[str, NDArray[np.float32]]:
    """Layer -> gradients [n, units] of one unit of the final layer, for the images in `rows`.

    They are computed in full precision, whatever the run's: half precision would lose the sign of a small gradient.
    """
    pooling: Pooling = layers[0].pooling  # type: ignore[assignment]
    names = [layer.name for layer in layers]
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    with (
        GradientTaps(context.target.module, names, final.name, pooling, context.channels, context.readings) as taps,
        closing(film_batches(context, rows, context.batch_size)) as batches,
    ):
        for films in batches:
            what = f"target: the gradients of a batch of shape {list(films.inputs.shape)} failed"
            try:
                with failing_as(what, torch.OutOfMemoryError):
                    found = taps.gradients(films.inputs.to(context.device), unit)
            except torch.OutOfMemoryError:
                raise MammiError(
                    f"{context.device} has too little memory for gradients of run.batch_size = {context.batch_size} "
                    "images: lower it."
                ) from None
            for name in names:
                parts[name].append(found[name].cpu().numpy())
            context.progress.advance(len(films.rows))
    return {name: np.concatenate(values) for name, values in parts.items()}
