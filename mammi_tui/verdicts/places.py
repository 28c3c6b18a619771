"""Where in a run a line belongs."""

from __future__ import annotations

from collections.abc import Iterable

from engine.store.records import LayerInfo


def place_of(layers: Iterable[LayerInfo], neuron: str) -> tuple[LayerInfo, int] | None:
    """The layer and the unit of `layer:unit`; None if the run has no such neuron."""
    name, _, unit = neuron.rpartition(":")
    layer = next((layer for layer in layers if layer.name == name), None)
    if layer is None or not (unit.isascii() and unit.isdecimal()) or len(unit) > 9 or int(unit) >= layer.units:
        return None
    return layer, int(unit)
