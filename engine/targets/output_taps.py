"""Taps on the last part of a target model: its outputs, its head's inputs and its class activation maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.targets.base import LOGITS
from engine.targets.head import LastPart, LinearHead, MapSource
from engine.targets.head_seen import flat
from engine.targets.maps import as_maps
from engine.targets.outputs import Reading
from engine.targets.taps import Channels, Hooked, Pooling, pool


@dataclass(frozen=True, slots=True, eq=False)
class LastValues:
    """What the last part of a model gave in one forward pass, float32; None for what it does not give."""

    outputs: Tensor | None
    """Before they become probabilities, [n, classes]"""
    inputs: Tensor | None
    """Of the head, [n, units]"""
    maps: Tensor | None
    """For each class the head at each position of the maps that it averages, [n, classes, h, w]: their mean over the
    positions is the output"""


class OutputTaps(Hooked):
    """Keeps hooks on the last part of a model for the length of a `with` block.

        with OutputTaps(module, last_part, "mean", channels) as taps:
            module(batch)
            values = taps.taken()

    A layer that is used several times gives its last values. Nothing is kept of the maps but one map for each class.
    """

    def __init__(self, module: nn.Module, last: LastPart, pooling: Pooling, channels: Channels) -> None:
        super().__init__()
        self._module = module
        self._last = last
        self._pooling: Pooling = pooling
        self._channels: Channels = channels
        self._device = next((parameter.device.type for parameter in module.parameters()), "cpu")
        self._found: dict[str, Tensor] = {}

    def taken(self) -> LastValues:
        """The values of the last forward pass, which are dropped here."""
        values = LastValues(*(self._found.get(name) for name in ("outputs", "inputs", "maps")))
        self._found.clear()
        return values

    def _register(self) -> None:
        head, own = self._last.head, self._last.own
        if own is not None:
            self._after("", "outputs", lambda output: pool(self._by_image(own, output), *self._how))
        if head is not None:
            self._after(head.module, "outputs", flat)
            self._handles.append(
                self._module.get_submodule(head.module).register_forward_pre_hook(self._before, with_kwargs=True)
            )
            if head.maps is not None:
                source = head.maps
                self._after(source.module, "maps", lambda output: self._class_maps(head, source, output))

    @property
    def _how(self) -> tuple[Pooling, str, Channels]:
        return self._pooling, LOGITS, self._channels

    @staticmethod
    def _by_image(own: Reading, output: Any) -> Tensor:
        return own.by_image(own.pick(LOGITS, output))

    def _before(self, _: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._found["inputs"] = flat(next(iter([*inputs, *named.values()]))).clone()

    def _after(self, name: str, what: str, take: Callable[[Any], Tensor]) -> None:
        """Keeps what `take` makes of a module's output, in full precision; a later in-place operation cannot change
        it."""

        def hook(_: nn.Module, __: Any, output: Any) -> None:
            with torch.autocast(self._device, enabled=False):
                self._found[what] = take(output).clone()

        self._handles.append(self._module.get_submodule(name).register_forward_hook(hook))

    def _class_maps(self, head: LinearHead, source: MapSource, output: Any) -> Tensor:
        maps = as_maps(Reading().pick(source.module, output).float(), self._channels)
        if maps is None or tuple(maps.shape[2:]) != source.shape:
            raise ValueError(f"{source.module} gave no maps of {source.shape} for some films")
        whole = maps.relu() if source.relu else maps
        return functional.conv2d(whole, head.weights[:, :, None, None], head.bias)

    def _remove(self) -> None:
        super()._remove()
        self._found.clear()
