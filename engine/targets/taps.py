"""Taps on a model's layers: forward hooks that pool each output as it is computed, and are removed afterwards."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import isqrt
from types import TracebackType
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.jit import ScriptModule
from torch.utils.hooks import RemovableHandle

from engine.errors import ConfigError
from engine.likeness import closest
from engine.targets.base import LOGITS, PENULTIMATE
from engine.targets.outputs import Reading

Pooling = Literal["mean", "max", "cls"]
Channels = Literal["auto", "first", "last"]
"""The axis of a layer of maps that holds its units: [n, units, h, w] or [n, h, w, units]"""
ALIASES = (LOGITS, PENULTIMATE)


def resolve_layers(module: nn.Module, patterns: Sequence[str], key: str = "target.layers") -> list[str]:
    """The layers that the patterns match, in the order of the patterns, each once.

    A pattern is a module's name, an alias, or a glob: `*` is any text without a dot, `**` any text, `?` one character.
    Raises ConfigError, which lists close names, for a pattern that matches no layer. `key` names the place where the
    patterns were written.
    """
    names = [name for name, _ in module.named_modules() if name]
    scripted = torchscript(module)
    layers: list[str] = []
    for pattern in patterns:
        found = [pattern] if pattern in (*ALIASES, *names) else [name for name in names if _matches(pattern, name)]
        if not found:
            raise ConfigError(f"{key}: {pattern!r} names no layer. {_close(pattern, names)}")
        if pattern == PENULTIMATE:
            last_linear(module)
        closed = [name for name in found if name in scripted]
        if closed:
            raise ConfigError(f"{key}: {closed[0]!r} is TorchScript, whose layers cannot be tapped. Name others.")
        layers += found
    return list(dict.fromkeys(layers))


def torchscript(module: nn.Module) -> set[str]:
    """The names of the modules that are TorchScript, which takes no hooks."""
    return {name for name, child in module.named_modules() if isinstance(child, ScriptModule)}


def _matches(pattern: str, name: str) -> bool:
    """Whether a glob matches a name. All ways are followed at once: stars take the time of letters."""
    parts = re.findall(r"\*\*|(?s:.)", pattern)

    def ways(places: set[int]) -> set[int]:
        """The places in the glob, and those behind stars, which may stand for nothing."""
        for place in sorted(places):
            while place < len(parts) and parts[place] in ("*", "**"):
                place += 1
                places.add(place)
        return places

    places = ways({0})
    for char in name:
        further: set[int] = set()
        for place in places - {len(parts)}:
            if parts[place] == "**" or (parts[place] == "*" and char != "."):
                further.add(place)
            elif parts[place] == char or (parts[place] == "?" and char != "."):
                further.add(place + 1)
        places = ways(further)
    return len(parts) in places


def _close(pattern: str, names: Sequence[str]) -> str:
    close = closest(pattern, [*ALIASES, *names], n=4, cutoff=0.4)
    if close:
        return f"Close ones: {', '.join(close)}."
    top = [name for name in names if "." not in name]
    return f"Its outermost layers: {', '.join(top[:12])}{', …' if len(top) > 12 else ''}."


def unit_axis(shape: Sequence[int], channels: Channels = "auto") -> int | None:
    """The axis of a layer's output that holds its units; None for a shape that has none.

    Vectors are [n, units], tokens [n, t, units], and [n, units, 1] is one position. For maps, `auto` looks for the two
    axes of equal length, as inputs are square. If they are the last two, units come first, as in every convolution; if
    they precede the last, units come last, as in Swin and other transformers. Where neither or both hold, units come
    first.
    """
    match list(shape):
        case [_, _]:
            return 1
        case [_, positions, units]:
            return 1 if units == 1 and positions > 1 else 2
        case [_, first, second, third]:
            last = channels == "last" or (channels == "auto" and first == second != third)
            return 3 if last else 1
    return None


def pool(output: Tensor, pooling: Pooling, layer: str, channels: Channels = "auto") -> Tensor:
    """A layer's output as one float32 value per unit and image, [n, units].

    Maps and tokens are pooled over their positions; `cls` takes the first token; vectors are copied. Raises ConfigError
    for other shapes (see unit_axis), and for `cls` where the output is a map, or the patches of a square without a
    class token before them.
    """
    axis = unit_axis(output.shape, channels)
    if axis is None:
        raise ConfigError(
            f"target.layers: {layer!r} gives a tensor of shape {tuple(output.shape)}, which has no units."
        )
    if axis == 1 and output.ndim < 4:
        return output.flatten(1).float().clone()
    if pooling == "cls":
        if output.ndim == 4:
            raise ConfigError(
                f'target.pooling = "cls" needs a layer of tokens; {layer!r} gives maps. Use "mean" or "max".'
            )
        tokens = output.shape[1]
        if tokens > 1 and isqrt(tokens) ** 2 == tokens:
            raise ConfigError(
                f'target.pooling = "cls" needs a class token; {layer!r} gives the {tokens} patches of a square alone. '
                'Use "mean" or "max".'
            )
        return output[:, 0].float().clone()
    positions = tuple(place for place in range(1, output.ndim) if place != axis)
    return output.float().mean(positions) if pooling == "mean" else output.float().amax(positions)


class Hooked(ABC):
    """Holds hooks for the length of a `with` block, and lets none stay after an error either."""

    def __init__(self) -> None:
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        try:
            self._register()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._remove()

    @abstractmethod
    def _register(self) -> None:
        """Puts all hooks into `_handles`."""

    def _remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


class Taps(Hooked):
    """Keeps hooks on the layers of a model for the length of a `with` block.

        with Taps(module, layers, "mean") as taps:
            module(batch)
            activations = taps.pooled()  # layer -> float32 [n, units]

    A layer that is used several times in one pass gives its last output. `readings` says how to take a tensor from a
    layer's output (engine.targets.probe finds it out); for other layers the first axis is the images, and a tuple gives
    its first item. Outputs are pooled inside the hook: a later in-place operation cannot change them, and whole feature
    maps are not kept.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        pooling: Pooling,
        channels: Channels = "auto",
        readings: Mapping[str, Reading] | None = None,
    ) -> None:
        super().__init__()
        self._module = module
        self._readings = readings or {}
        self._layers = tuple(layers)
        self._pooling = pooling
        self._channels = channels
        self._pooled: dict[str, Tensor] = {}

    def _register(self) -> None:
        for layer in self._layers:
            self._handles.append(self._hook(layer))

    def forward(self, inputs: Tensor) -> Any:
        """Runs the module."""
        return self._module(inputs)

    def pooled(self) -> dict[str, Tensor]:
        """Returns each layer's activations [n, units] in the last forward pass, and drops them.

        Raises ConfigError for a layer that the pass did not use.
        """
        unused = [layer for layer in self._layers if layer not in self._pooled]
        if unused:
            raise not_used(unused[0], self._module)
        pooled = {layer: self._pooled[layer] for layer in self._layers}
        self._pooled.clear()
        return pooled

    def _hook(self, layer: str) -> RemovableHandle:
        if layer == PENULTIMATE:

            def before(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
                self.keep(layer, inputs or tuple(named.values()))

            return last_linear(self._module).register_forward_pre_hook(before, with_kwargs=True)

        def after(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
            self.keep(layer, output)

        tapped = self._module if layer == LOGITS else self._module.get_submodule(layer)
        return tapped.register_forward_hook(after)

    def keep(self, layer: str, output: Any) -> None:
        """Called in the forward pass with a layer's output, or with its input for `penultimate`."""
        tensor = self.tensor(layer, output)
        with torch.autocast(tensor.device.type, enabled=False):
            pooled = pool(tensor, self._pooling, layer, self._channels)
        if numberless := self.reading(layer).numberless:
            pooled[:, list(numberless)] = 0
        self._pooled[layer] = pooled

    def reading(self, layer: str) -> Reading:
        """How to take the layer's tensor from its output."""
        return self._readings.get(layer, Reading())

    def tensor(self, layer: str, output: Any) -> Tensor:
        """A layer's output as a tensor [n, …]. Raises ConfigError if there is none in it."""
        reading = self.reading(layer)
        return reading.by_image(reading.pick(layer, output))

    def _remove(self) -> None:
        super()._remove()
        self._pooled.clear()


def not_used(layer: str, module: nn.Module) -> ConfigError:
    """The error for a layer that a forward pass does not use."""
    told = ""
    if layer == PENULTIMATE:
        last = last_linear(module)
        name = next(name for name, child in module.named_modules() if child is last)
        told = f", the input of {name}, which is the model's last nn.Linear: name the layer itself"
    return ConfigError(f"target.layers: the model's forward pass does not use {layer!r}{told}.")


def last_linear(module: nn.Module) -> nn.Linear:
    """The layer whose input is `penultimate`. Raises ConfigError for a model without an nn.Linear."""
    linear = [child for child in module.modules() if isinstance(child, nn.Linear)]
    if not linear:
        raise ConfigError('target.layers: "penultimate" needs a model with an nn.Linear; name the layer itself.')
    return linear[-1]
