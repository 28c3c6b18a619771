"""What earlier runs computed, by content key: in the work file of an unfinished run, or in the finished run file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Batch
from engine.store.finished import FinishedRun
from engine.store.work import WorkFile

VLM_STAGE = "vlm"
"""The name under which a run file keeps the identity of the VLM that encoded its texts."""


class Known:
    """Batches and text embeddings of the work file and of the finished run. Several threads may ask."""

    def __init__(self, work: WorkFile, finished: FinishedRun | None) -> None:
        self._work = work
        self._finished = finished
        self._lock = Lock()

    def has(self, key: str) -> bool:
        """Whether a batch is known under this key."""
        with self._lock:
            return self._work.has(key) or (self._finished is not None and self._finished.has(key))

    def get(self, key: str) -> Batch:
        """The batch of this key. Raises KeyError when there is none."""
        with self._lock:
            if self._work.has(key) or self._finished is None:
                return self._work.get(key)
            return self._finished.get(key)

    def put(self, key: str, batch: Batch) -> None:
        with self._lock:
            self._work.put(key, batch)

    def texts(self, vlm_identity: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The embeddings [d] of those texts that the finished run holds from the same VLM."""
        if self._finished is None or self._finished.stages.get(VLM_STAGE) != vlm_identity:
            return {}
        held = self._finished.texts()
        return {text: held[text] for text in texts if text in held}

    def array(self, key: str, compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """The work file's array of this key, computed and kept there if it is new."""
        with self._lock:
            if not self._work.has_array(key):
                self._work.put_array(key, compute())
            return self._work.get_array(key)
