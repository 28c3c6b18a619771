"""Writes the activation maps of a layer's units."""

from __future__ import annotations

from engine.store.database import Connection, append
from engine.store.unit_maps import LayerMaps


def write_unit_maps(connection: Connection, layer: int, first_neuron: int, maps: LayerMaps) -> None:
    """Writes the maps of layer `layer` of the run, whose first neuron is `first_neuron`."""
    connection.execute("INSERT INTO map_sizes VALUES (?, ?, ?)", [layer, *maps.cells.shape[2:]])
    rows = []
    for unit, images in enumerate(maps.images):
        low, high = (values[unit].astype("<f4").tobytes() for values in (maps.lows, maps.highs))
        rows.append((first_neuron + unit, images.astype("<i4").tobytes(), low, high, maps.cells[unit].tobytes()))
    append(connection, "unit_maps", rows)
