"""The attribute of the films that a neuron follows more than its finding, as figures of the evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.auditing.layers import LayerTraits
from engine.evidence.column import Column
from engine.evidence.image_columns import FOLLOWS, FOLLOWS_AREA

AT_ONCE = 5000
"""Images up to which the attributes are looked at with a layer's evidence: a second at most. On larger runs they are
looked at when asked for"""


def followed(of_layer: LayerTraits | None, units: int) -> dict[Column[Any], NDArray[Any]]:
    """The figures of a layer's units, [units] each; blank before its attributes were looked at."""
    names, areas = np.full(units, "", dtype=np.object_), np.full(units, np.nan)
    if of_layer is not None:
        for unit in np.flatnonzero(of_layer.strongest >= 0).tolist():
            names[unit], areas[unit] = of_layer.named(unit, int(of_layer.strongest[unit]))
    return {FOLLOWS: names, FOLLOWS_AREA: areas}
