"""Steps from unit to unit over the layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def next_place(
    matches: Sequence[NDArray[np.int64]], wanted: Sequence[NDArray[np.bool_]], start: tuple[int, int], step: int
) -> tuple[tuple[int, int] | None, bool]:
    """The next layer and unit that is wanted (with step −1 the previous, with 3 the third), cyclically, and whether it
    comes after the last (or before the first). None if there is no other.

    `matches` are the units of each layer in their order, and `wanted` says of each of them whether it is wanted.
    """
    units = np.concatenate([*matches, np.empty(0, np.int64)])
    layers = np.repeat(np.arange(len(matches)), [len(found) for found in matches])
    here = np.flatnonzero((layers == start[0]) & (units == start[1]))
    before_layer = float(np.searchsorted(layers, start[0])) - 0.5
    place = float(here[0]) if len(here) else before_layer  # of a layer's line, or of what the filter hides
    places = np.flatnonzero(np.concatenate([*wanted, np.empty(0, bool)]))
    places = places[places != place]
    if not len(places):
        return None, False
    before, after = places[places < place], places[places > place]
    ahead, behind = (after, before) if step > 0 else (before[::-1], after[::-1])
    chosen = int(np.concatenate([ahead, behind])[(abs(step) - 1) % len(places)])
    return (int(layers[chosen]), int(units[chosen])), abs(step) > len(ahead)
