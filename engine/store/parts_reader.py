"""Reads the parts of images from a run file of which other things may be damaged."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from engine.errors import RunFileError
from engine.store.arrays import RunArrays
from engine.store.reader import RunReader
from engine.store.records import LayerInfo


class PartsReader(RunReader):
    """A RunReader that opens where only what FinishedRun takes from it for the parts of images can be read."""

    is_complete = False
    """Whether all is there that a RunReader has"""

    def _load(self) -> None:
        with suppress(RunFileError, LookupError, TypeError, ValueError):
            super()._load()
            self.is_complete = True
            return
        rows = self._cursors.rows
        self.image_count = int(rows("SELECT count(image) FROM images")[0][0])
        self.arrays = RunArrays(self._cursors, self.image_count, int(rows("SELECT dimension FROM meta")[0][0]))
        none = np.zeros(0, np.bool_)
        self.layers = tuple(
            LayerInfo(name, position, units, "", (), none, first, "")
            for position, name, units, first in rows(
                "SELECT layer, name, units, first_neuron FROM layers ORDER BY layer"
            )
        )
