"""Neurons whose maps are strongest at the border of the film, where markers, text and edges are."""

from __future__ import annotations

from math import comb

import numpy as np

from engine.decisions.checkup.base import Check, Finding, Material, Unit, lacking

MOST = 0.75
"""The share of a neuron's maps whose strongest cell is at the border, from which on it counts"""
CHANCE = 0.01
"""... where random cells would reach that share less often than this"""
FEWEST = 5
"""Maps of a neuron that is looked at"""
EDGE = 0.1
"""The border: the cells whose centre is nearer to an edge than this share of the film, and at least the outermost"""


def border(height: int, width: int) -> np.ndarray:
    """Which cells of a map [h, w] belong to the border."""
    cells = np.zeros((height, width), dtype=np.bool_)
    for axis, length in enumerate((height, width)):
        places = (np.arange(length) + 0.5) / length
        near = np.minimum(places, 1 - places) < max(EDGE, 1 / length)
        cells |= near[:, None] if axis == 0 else near[None, :]
    return cells


def tail(hits: int, maps: int, chance: float) -> float:
    """The chance that as many of the maps or more hit, if each does with this chance."""
    return sum(comb(maps, k) * chance**k * (1 - chance) ** (maps - k) for k in range(hits, maps + 1))


def _look(material: Material) -> Finding:
    neurons: list[Unit] = []
    looked = 0
    for layer in material.reader.layers:
        for unit in np.flatnonzero(~layer.dead).tolist():
            kept = material.reader.unit_maps(layer.first_neuron + unit)
            if kept is None:
                break
            varied = [each for each in kept.maps if each.max() > each.min()]
            if len(varied) < FEWEST:
                continue
            looked += 1
            cells = border(*varied[0].shape)
            hits = sum(bool(cells.flat[int(each.argmax())]) for each in varied)
            if hits >= MOST * len(varied) and tail(hits, len(varied), float(cells.mean())) < CHANCE:
                neurons.append((layer.name, unit))
    unknown = "" if looked else _unknown(material)
    says = "have their maps strongest at the film's border" if looked else "with maps to look at"
    return Finding(len(neurons), looked or material.neurons, says, tuple(neurons), unknown=unknown)


def _unknown(material: Material) -> str:
    if any(material.reader.unit_maps(layer.first_neuron) for layer in material.reader.layers):
        return f"No neuron has {FEWEST} maps that vary."
    return lacking(material.reader, "unit maps", "outputs") or "The run keeps no activation maps."


BORDER = Check("border", "Looking at the border", "neurons", _look)
