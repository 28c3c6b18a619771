"""Which films are of the same kind: those with the same findings, and where views are recorded of the same view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.auditing.areas import Integers
from engine.store.reader import RunReader

VIEW = "view"
"""The attribute that is never its own stratum"""


class Strata:
    """The strata of a run's films, and their patients."""

    def __init__(self, reader: RunReader) -> None:
        self.labels, self.carried = reader.label_table()
        self._findings = _rows(self.carried)
        self.views, self._views = reader.coded("view")
        names, patients = reader.coded("patient")
        self.patients_known = len(names) > 0
        without = patients < 0
        self.clusters: NDArray[np.int64] = np.where(
            without, len(names) + np.cumsum(without, dtype=np.int64) - 1, patients.astype(np.int64)
        )
        """A number for each patient and for each film without one, [p]"""

    def of(self, attribute: str) -> Integers:
        """The stratum of each film where an attribute's traits are compared, [p]."""
        if attribute == VIEW or not self.views:
            return self._findings
        return self._findings * (len(self.views) + 1) + self._views + 1

    def held_equal(self, attribute: str) -> str:
        """What films of one stratum share, in words; "" where nothing is recorded."""
        shared = (["findings"] if self.labels else []) + (["view"] if attribute != VIEW and self.views else [])
        return " and ".join(shared)


def _rows(table: NDArray[np.bool_]) -> Integers:
    """A number for each distinct row of [p, L], [p]."""
    if not table.shape[1]:
        return np.zeros(len(table), dtype=np.int64)
    packed = np.packbits(table, axis=1)
    _, codes = np.unique(packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1), return_inverse=True)
    return codes.astype(np.int64)
