"""Finding what a user names: a layer, a neuron or a concept set of a run; and the closest names where there is none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from engine.errors import ConfigError

LONGEST_SET_NAME = 32
"""Characters: a name has its place in the explorer's pane, in file columns and in `--set concepts.NAME.key`."""
_SET_NAME = re.compile(r"\w([\w -]*\w)?")


class Named(Protocol):
    @property
    def name(self) -> str: ...


class NamedLayer(Named, Protocol):
    @property
    def units(self) -> int: ...
    @property
    def unit_names(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=Named)
L = TypeVar("L", bound=NamedLayer)


def find_named(name: str, things: Sequence[T], what: str) -> T:
    """The thing of that name; `what` it is, for errors. Raises ConfigError that names the closest ones of the run."""
    names = [known.name for known in things]
    if name in names:
        return things[names.index(name)]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.3) or names[:8]
    raise ConfigError(f"no {what} {name!r} in this run; nearest: {', '.join(close)}")


def parse_neuron(text: str, layers: Sequence[NamedLayer]) -> tuple[str, int]:
    """("features.denseblock3", 17) from "features.denseblock3:17"; split at the last colon.

    After the colon there may also be the class that the unit stands for, in capitals or not. Raises ConfigError that
    names the closest layers or classes, or the range of units.
    """
    name, colon, unit = text.rpartition(":")
    if colon and unit.isascii() and unit.isdigit():
        layer = find_layer(name, layers)
        find_unit(int(unit), layer)
        return layer.name, int(unit)
    if colon and unit:
        layer = find_layer(name, layers)
        if layer.unit_names:
            return layer.name, _unit_of_class(unit, layer)
    raise ConfigError(f"{text!r} is not a neuron: write layer:unit, such as {layers[0].name}:0")


def _unit_of_class(name: str, layer: NamedLayer) -> int:
    names = [known.casefold() for known in layer.unit_names]
    exact = [unit for unit, known in enumerate(layer.unit_names) if known == name]
    units = exact or [unit for unit, known in enumerate(names) if known == name.casefold()]
    if len(units) == 1:
        return units[0]
    if units:
        choices = ", ".join(f"{layer.name}:{unit}" for unit in units)
        raise ConfigError(f"{name!r} is the class of several units; write one of {choices}")
    close = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.3)
    nearest = [layer.unit_names[names.index(match)] for match in close] or layer.unit_names[:8]
    raise ConfigError(f"layer {layer.name} has no unit of class {name!r}; nearest: {', '.join(nearest)}")


def find_layer(name: str, layers: Sequence[L]) -> L:
    """The layer of that name. Raises ConfigError that names the closest ones."""
    return find_named(name, layers, "layer")


def find_unit(unit: int, layer: NamedLayer) -> None:
    """Raises ConfigError that names the range of units when the layer has no such unit."""
    if not 0 <= unit < layer.units:
        raise ConfigError(f"layer {layer.name} has no unit {unit}: its units are 0 to {layer.units - 1}")


def is_set_name(name: object) -> bool:
    """Whether this is a name for a concept set: letters, digits, spaces, - and _, at most LONGEST_SET_NAME of them."""
    return isinstance(name, str) and len(name) <= LONGEST_SET_NAME and _SET_NAME.fullmatch(name) is not None


def find_concept_set(name: str, sets: Sequence[T]) -> T:
    """The concept set of that name. Raises ConfigError that names the closest ones."""
    return find_named(name, sets, "concept set")
