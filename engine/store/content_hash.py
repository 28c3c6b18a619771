"""The content hash of a run: equal content, equal hash, whatever the batch size, the file's path or the time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import TAU
from engine.probing.base import Image, image_facts
from engine.store.batch import Batch
from engine.store.contents import RunContents

_ENCODE = json.JSONEncoder(sort_keys=True).encode


class ContentHash:
    """SHA-256 over what a run is about and over each array of its images, fed batch by batch.

    It leaves out what only describes a computation: configuration, versions, the statistics of inputs. It also leaves
    out what annotations are judged by (other templates, captions, methods, attributes of images), so that verdicts
    still hold when more of that is added.
    """

    def __init__(self, run: RunContents, images: Iterable[Image]) -> None:
        """`images` are those of the run, in order."""
        self._images = hashlib.sha256()
        self._arrays = {name: hashlib.sha256() for name in ["", *(layer.name for layer in run.layers)]}
        self._run = hashlib.sha256()
        self._add(
            self._run,
            [run.target, run.vlm, run.template, run.alpha, run.beta, list(run.concepts)],
            *([[run.ranking, str(run.selection)]] if (run.ranking, run.selection) != ("score", TAU) else []),
            [[each.name, each.kind, list(each.concepts)] for each in run.concept_sets],
            [[layer.name, layer.pooling, list(layer.unit_names)] for layer in run.layers],
            *([[layer.name, layer.numberless] for layer in run.layers if layer.numberless]),
        )
        for image in images:
            self._add(self._run, *image_facts(image))
        for array in (run.text_embeddings, run.template_embedding):
            self._run.update(_bytes(array))

    def add(self, batch: Batch) -> None:
        for image in batch.images:
            self._add(self._images, [image.size_bytes, image.sha256, image.width, image.height, image.reason])
            self._images.update(image.thumbnail)
        self._arrays[""].update(_bytes(batch.embeddings))
        for layer, activations in batch.activations.items():
            self._arrays[layer].update(_bytes(activations))

    def hexdigest(self) -> str:
        whole = self._run.copy()
        for part in [self._images, *self._arrays.values()]:
            whole.update(part.digest())
        return whole.hexdigest()

    @staticmethod
    def _add(digest: hashlib._Hash, *values: object) -> None:
        for value in values:
            digest.update(_ENCODE(value).encode() + b"\n")


def _bytes(array: NDArray[np.float32]) -> memoryview:
    return np.ascontiguousarray(array, dtype="<f4").data
