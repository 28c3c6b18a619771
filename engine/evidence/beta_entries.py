"""The β at which each concept enters the annotation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evidence.details import Floats


def beta_entries(scores: Floats, members: NDArray[np.int64]) -> Floats:
    """The β below which each concept is in the annotation: s_j / max(s), as the annotation is s > β·max(s).

    Takes the scores of all concepts, [m] ([0] without representatives), and the k concepts that compete. Returns [m]: 1
    for the best concept, and 0 or less for a concept that no β lets in. It is NaN for concepts that do not compete, and
    for all when the best score is not positive. Division rounds: at that very β a concept may fall on either side of
    the cut.
    """
    entries = np.full(len(scores), np.nan)
    if len(scores) == 0:
        return entries
    among = scores[members]
    best = among.max(initial=0.0)
    if best > 0:
        entries[members] = among / best
    return entries
