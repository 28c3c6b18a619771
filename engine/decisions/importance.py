"""Which units of a layer matter for a class, from the importance that the run holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    """How much each unit of a layer adds to a class's output, [units], over the films of `first_over`.

    Without a class (None), the largest such share of the unit over the classes, whatever its sign, each class's
    importance divided by its largest so that classes count alike. None where the run holds no importance of the layer.
    """
    if number is not None:
        over = first_over(reader, layer, number)
        found = None if over is None else reader.importance(layer, over)
        return None if found is None else found.means[number].astype(np.float64)
    of_classes = [matters(reader, layer, each) for each in range(len(reader.classes))]
    sizes = [np.abs(each) / (np.abs(each).max() or 1.0) for each in of_classes if each is not None]
    return np.max(sizes, axis=0) if sizes else None


def beyond_mean(reader: RunReader, layer: int, number: int, over: Over) -> Floats | None:
    """By how much a unit's importance for a class over some films is above its importance over all films, [units]."""
    some, whole = reader.importance(layer, over), reader.importance(layer, "all")
    if some is None or whole is None:
        return None
    difference: Floats = some.means[number].astype(np.float64) - whole.means[number]
    return difference if some.films[number] else np.zeros_like(difference)
