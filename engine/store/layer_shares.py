"""The importance of a hidden layer's units as gradients give it, and its tables in a run file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats
from engine.store.database import Connection, append
from engine.store.decision_records import OVER

CLASSES, UNITS = 3, 16
"""Of each film the strongest outputs, and of each of these the units with the largest shares, are kept"""


@dataclass(frozen=True, slots=True, eq=False)
class LayerShares:
    """The importance of a layer (engine.store.decision_records.LayerImportance and FilmImportance): over all films for
    the model's c classes and the layer's u units, and of p films for their k strongest outputs and m strongest units.
    """

    layer: str
    films: NDArray[np.int64]
    """The films behind each mean, [OVER, c]"""
    means: Floats
    """[OVER, c, u]; zeros without films"""
    classes: NDArray[np.int32]
    """Of each usable image, [p, k], output descending"""
    units: NDArray[np.int32]
    """[p, k, m], by the size of the share"""
    shares: Floats
    """a_i · ∂y_class/∂a_i, [p, k, m]"""


def write_layer_shares(connection: Connection, layer: int, shares: LayerShares) -> None:
    """Writes the importance of layer `layer` of the run."""
    for over, films, means in zip(OVER, shares.films.tolist(), shares.means.astype("<f4"), strict=True):
        append(connection, "importance", [(layer, c, over, films[c], mean.tobytes()) for c, mean in enumerate(means)])
    numbers = (shares.classes.astype("<i4"), shares.units.astype("<i4"), shares.shares.astype("<f4"))
    rows = enumerate(zip(*numbers, strict=True))
    append(
        connection, "film_importance", [(image, layer, *(each.tobytes() for each in arrays)) for image, arrays in rows]
    )
