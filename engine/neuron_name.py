"""Neurons by name: `layer:unit`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Protocol, TypeVar

from engine.errors import ConfigError


class NamedLayer(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def units(self) -> int: ...


L = TypeVar("L", bound=NamedLayer)


def parse_neuron(text: str, layers: Sequence[NamedLayer]) -> tuple[str, int]:
    """("features.denseblock3", 17) from "features.denseblock3:17"; split at the last colon.

    Raises ConfigError that names the closest layers, or the range of units.
    """
    name, colon, unit = text.rpartition(":")
    if not colon or not unit.isascii() or not unit.isdigit():
        raise ConfigError(f"{text!r} is not a neuron: write layer:unit, such as {layers[0].name}:0")
    layer = find_layer(name, layers)
    find_unit(int(unit), layer)
    return layer.name, int(unit)


def find_layer(name: str, layers: Sequence[L]) -> L:
    """The layer of that name. Raises ConfigError that names the closest ones."""
    names = [layer.name for layer in layers]
    if name in names:
        return layers[names.index(name)]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.3) or names[:8]
    raise ConfigError(f"no layer {name!r} in this run; nearest: {', '.join(close)}")


def find_unit(unit: int, layer: NamedLayer) -> None:
    """Raises ConfigError that names the range of units when the layer has no such unit."""
    if not 0 <= unit < layer.units:
        raise ConfigError(f"layer {layer.name} has no unit {unit}: its units are 0 to {layer.units - 1}")
