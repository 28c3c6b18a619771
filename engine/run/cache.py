"""What earlier runs computed, by key: in the work file of the unfinished run, or in finished run files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.keys import content_key
from engine.store.finished import FinishedRun
from engine.store.part_file import MENDED, PartFile
from engine.store.records import MethodScore
from engine.store.unit_maps import MapSource
from engine.store.work import WorkFile

VLM_STAGE = "vlm"
"""The name under which a run file keeps the identity of the VLM that encoded its texts"""
METHOD_STAGE = "method "
"""The name under which a run file keeps the key of a computed method's scores: this, and the method's name"""
_TEXTS = "salvaged texts"


class Cache:
    """Looks up texts and scores in the work file and in finished runs; engine.run.image_results does so for images."""

    def __init__(self, work: WorkFile, finished: Sequence[FinishedRun], sealed: Sequence[PartFile] = ()) -> None:
        """`sealed`: files that nobody writes any more, which shards and unfinished runs have left."""
        self.work = work
        self.finished = finished
        self.sealed = sealed

    @property
    def map_sources(self) -> list[MapSource]:
        """The files that hold maps."""
        return [*self.finished, *self.sealed, self.work]

    @cached_property
    def mended(self) -> bool:
        """Whether some results were damaged. They are then computed again in the batches in which they were computed:
        in other batches a model may give other last bits, and verdicts would not be those of the same content."""
        return any(file.facts().get(MENDED) for file in (self.work, *self.sealed))

    def texts(self, vlm_identity: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The embeddings [d] of those texts that a finished run holds from the same VLM."""
        found: dict[str, NDArray[np.float32]] = {}
        for run in self.finished:
            if run.stages.get(VLM_STAGE) == vlm_identity:
                held = run.texts()
                found |= {text: held[text] for text in texts if text in held and text not in found}
        key, names = content_key(_TEXTS, vlm_identity), content_key(_TEXTS, vlm_identity, "names")
        if self.has_array(key) and self.has_array(names):
            held = dict(zip(json.loads(self.get_array(names).tobytes()), self.get_array(key), strict=True))
            found |= {text: held[text] for text in texts if text in held and text not in found}
        return found

    def put_texts(self, vlm_identity: str, texts: Mapping[str, NDArray[np.float32]]) -> None:
        """Keeps the embeddings [d] of many texts, which `texts` then gives."""
        names = np.frombuffer(json.dumps([*texts]).encode(), np.uint8)
        self.work.put_array(content_key(_TEXTS, vlm_identity), np.stack(list(texts.values())))
        self.work.put_array(content_key(_TEXTS, vlm_identity, "names"), names)

    def scores(self, method: str, key: str) -> list[MethodScore] | None:
        """The scores that a computed method gave under this key; None if no file has them."""
        for run in self.finished:
            if run.stages.get(METHOD_STAGE + method) == key:
                return run.method_scores(method)
        if not self.has_array(key):
            return None
        return [MethodScore(*row) for row in json.loads(self.get_array(key).tobytes())]

    def put_scores(self, key: str, scores: Sequence[MethodScore]) -> None:
        written = json.dumps([astuple(score) for score in scores]).encode()
        self.work.put_array(key, np.frombuffer(written, dtype=np.uint8))

    def array(self, key: str, compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """The array under this key, computed and kept in the work file if no file holds it."""
        if not self.has_array(key):
            self.work.put_array(key, compute())
        return self.get_array(key)

    def has_array(self, key: str) -> bool:
        return any(file.has_array(key) for file in (self.work, *self.sealed))

    def get_array(self, key: str) -> NDArray[Any]:
        """The array under this key. Raises KeyError when no file holds it."""
        for file in (self.work, *self.sealed):
            if file.has_array(key):
                return file.get_array(key)
        raise KeyError(key)
