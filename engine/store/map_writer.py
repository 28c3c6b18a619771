"""Writes the activation maps of a layer's units."""

from __future__ import annotations

from engine.store.database import Connection
from engine.store.unit_maps import LayerMaps


def write_unit_maps(connection: Connection, layer: int, first_neuron: int, maps: LayerMaps) -> None:
    """Writes the maps of layer `layer` of the run, whose first neuron is `first_neuron`."""
    connection.execute("INSERT INTO map_sizes VALUES (?, ?, ?)", [layer, *maps.cells.shape[2:]])
    with connection.appender("unit_maps") as appender:
        for unit, images in enumerate(maps.images):
            low, high = (values[unit].astype("<f4").tobytes() for values in (maps.lows, maps.highs))
            appender.append_row(
                *(first_neuron + unit, images.astype("<i4").tobytes(), low, high, maps.cells[unit].tobytes())
            )
