"""What earlier runs computed, by content key: in the work file of an unfinished run, or in finished run files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Batch, BatchKeys, TargetPart, VLMPart
from engine.store.finished import FinishedRun
from engine.store.records import MethodScore
from engine.store.work import WorkFile

VLM_STAGE = "vlm"
"""The name under which a run file keeps the identity of the VLM that encoded its texts."""
METHOD_STAGE = "method "
"""And before the name of a computed method, the key of all that determines its scores."""


class Missing(NamedTuple):
    """Which parts of a batch are to be computed."""

    target: bool
    vlm: bool


class Known:
    """Batches and text embeddings of the work file and of finished runs. Several threads may ask."""

    def __init__(self, work: WorkFile, finished: Sequence[FinishedRun]) -> None:
        self._work = work
        self._finished = finished
        self._lock = Lock()

    def missing(self, keys: BatchKeys) -> Missing:
        """Which parts of the batch of these keys are not known."""
        with self._lock:
            if any(run.has(keys) for run in self._finished):
                return Missing(False, False)
            return Missing(
                not (self._work.has(keys.target) or any(run.has_target(keys.target) for run in self._finished)),
                not (self._work.has(keys.vlm) or any(run.has_vlm(keys.vlm) for run in self._finished)),
            )

    def get(self, keys: BatchKeys) -> Batch:
        """The batch of these keys. Raises KeyError when a part of it is missing."""
        with self._lock:
            for run in self._finished:
                if run.has(keys):
                    return run.get(keys)
            target, vlm = self._with_target(keys.target), self._with_vlm(keys.vlm)
            return Batch.joined(target.target_part(keys.target), vlm.vlm_part(keys.vlm))

    def _with_target(self, key: str) -> FinishedRun | WorkFile:
        return next((run for run in self._finished if run.has_target(key)), self._work)

    def _with_vlm(self, key: str) -> FinishedRun | WorkFile:
        return next((run for run in self._finished if run.has_vlm(key)), self._work)

    def reasons(self, keys: BatchKeys) -> list[str]:
        """Of each image of the batch of these keys why it is set aside; "" for a usable one. Reads no arrays."""
        with self._lock:
            for run in self._finished:
                if run.has(keys):
                    return run.reasons(keys)
            target, vlm = self._with_target(keys.target), self._with_vlm(keys.vlm)
            both = zip(target.target_reasons(keys.target), vlm.vlm_reasons(keys.vlm), strict=True)
            return [of_target or of_vlm for of_target, of_vlm in both]

    def put_target(self, key: str, part: TargetPart) -> None:
        with self._lock:
            self._work.put_target(key, part)

    def put_vlm(self, key: str, part: VLMPart) -> None:
        with self._lock:
            self._work.put_vlm(key, part)

    def texts(self, vlm_identity: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The embeddings [d] of those texts that a finished run holds from the same VLM."""
        found: dict[str, NDArray[np.float32]] = {}
        for run in self._finished:
            if run.stages.get(VLM_STAGE) == vlm_identity:
                held = run.texts()
                found |= {text: held[text] for text in texts if text in held and text not in found}
        return found

    def scores(self, method: str, key: str) -> list[MethodScore] | None:
        """What a computed method gave under this key; None where that is not known."""
        with self._lock:
            for run in self._finished:
                if run.stages.get(METHOD_STAGE + method) == key:
                    return run.method_scores(method)
            if not self._work.has(key):
                return None
            return [MethodScore(*row) for row in json.loads(self._work.get_array(key).tobytes())]

    def put_scores(self, key: str, scores: Sequence[MethodScore]) -> None:
        written = json.dumps([astuple(score) for score in scores]).encode()
        with self._lock:
            self._work.put_array(key, np.frombuffer(written, dtype=np.uint8))

    def array(self, key: str, compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """The work file's array of this key, computed and kept there if it is new."""
        with self._lock:
            if not self._work.has(key):
                self._work.put_array(key, compute())
            return self._work.get_array(key)
