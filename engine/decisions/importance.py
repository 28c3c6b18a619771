"""Which units of a layer matter for a class, from the importance that the run holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.decisions.outputs import output_named
from engine.store.decision_records import Over
from engine.store.reader import RunReader

Floats = NDArray[np.float64]
_FIRST: tuple[Over, ...] = ("labelled", "predicted", "all")
"""The films that tell which units matter for a class: those labelled so; where there are none, those predicted so"""


def first_over(reader: RunReader, layer: int, number: int) -> Over | None:
    """The films over which a class's importance is shown first; None where the run holds no importance of the layer."""
    for over in _FIRST:
        found = reader.importance(layer, over)
        if found is not None and found.films[number]:
            return over
    return None


def matters(reader: RunReader, layer: int, number: int | None) -> Floats | None:
    """How much each unit of a layer moves a class's output, whichever way: the size of its importance over the films of
    `first_over`, [units].

    Without a class (None), the largest over the classes, each divided by its largest so that classes count alike. None
    where the run holds no importance of the layer.
    """
    found = {over: reader.importance(layer, over) for over in _FIRST}
    sizes: list[Floats] = []
    for each in range(len(reader.classes)) if number is None else [number]:
        some = next((one for one in found.values() if one is not None and one.films[each]), None)
        if some is not None:
            sizes.append(np.abs(some.means[each].astype(np.float64)))
    if not sizes:
        return None
    if number is not None:
        return sizes[0]
    largest: Floats = np.max([size / (size.max() or 1.0) for size in sizes], axis=0)
    return largest


def matters_by_layer(reader: RunReader, name: str) -> list[Floats]:
    """`matters` of every layer, for an output by its name, "" for all; NaN where the run holds no importance."""
    number = output_named(reader.classes, name) if name else None
    held = set(reader.important_layers) if number is not None or not name else set()
    found = [matters(reader, layer.position, number) if layer.position in held else None for layer in reader.layers]
    return [
        np.full(layer.units, np.nan) if each is None else each for layer, each in zip(reader.layers, found, strict=True)
    ]
