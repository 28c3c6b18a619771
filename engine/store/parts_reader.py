"""Reads the parts of images from a run file of which other things may be damaged."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from engine.errors import RunFileError
from engine.store.arrays import RunArrays
from engine.store.batch import Floats
from engine.store.reader import RunReader
from engine.store.records import LayerInfo, numbered


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
        kinds = {column.name: column.kind for column in self._cursors.checks.tables["image_embeddings"]}
        dimension = int(kinds["embedding"].partition("[")[2].rstrip("]"))
        self.arrays = RunArrays(self._cursors, self.image_count, dimension)
        none = np.zeros(0, np.bool_)
        self.layers = ()
        with suppress(RunFileError):
            layers = rows("SELECT layer, name, units, first_neuron, numberless FROM layers ORDER BY layer")
            self.layers = tuple(
                LayerInfo(name, position, units, "", (), none, first, "", numbered(numberless, units))
                for position, name, units, first, numberless in layers
            )

    def outputs_of(self, images: Sequence[int]) -> Floats:
        """The outputs for some images, ascending, [n, classes]; [n, 0] without outputs."""
        if not self._cursors.rows("SELECT rowid FROM film_outputs LIMIT 1"):
            return np.empty((len(images), 0), np.float32)
        rows = self._cursors.arrays("film_outputs", "rowid IN (SELECT unnest(?::BIGINT[]))", list(images))
        with self._cursors.whole():
            if rows["rowid"].tolist() != list(images):
                raise ValueError("film_outputs: an image is missing")
            return np.frombuffer(b"".join(rows["outputs"]), "<f4").reshape(len(images), -1)
