"""The models over the probing set: a batch of images to its activations, and to its embeddings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.device import precision
from engine.errors import ConfigError, MammiError, failing_as
from engine.run.loading import TargetInputs, VLMInputs
from engine.store.batch import BatchKeys, Floats, TargetPart, VLMPart
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.vlms.base import VLM, check_embeddings

VERSION = 4
"""To be raised when the same images and models come to give another result: it is part of every key of a batch."""


class ImagePass:
    """Both models on their device, with taps on the target model for the length of a `with` block."""

    def __init__(
        self, config: RunConfig, target: TargetModel, layers: Sequence[str], vlm: VLM, device: torch.device
    ) -> None:
        self._target = target
        self._vlm = vlm
        self._device = device
        self._mixed = config.run.mixed_precision
        self._taps = Taps(target.module, layers, config.taps.pooling, config.taps.channels)
        of_target = [
            target.identity,
            list(layers),
            config.taps.pooling,
            config.taps.channels,
            self._mixed,
            config.run.thumbnail_size,
        ]
        self.fingerprints = BatchKeys(_hash("target", of_target), _hash("vlm", [vlm.identity, self._mixed]))
        """Of all that determines each part of a batch beside its images."""

    def __enter__(self) -> Self:
        self._target.module.to(self._device).eval()
        self._taps.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._taps.__exit__(kind, error, traceback)

    def target_part(self, loaded: TargetInputs) -> TargetPart:
        """The target model's part of a batch. An image that it gives no finite activation for is set aside.

        Raises ConfigError when layers, classes and the model's output do not go together, and MammiError when
        the target model fails on its inputs or the device has too little memory.
        """
        with self._memory_told(len(loaded.inputs)):
            films = _stacked("target", loaded.inputs) if loaded.inputs else self._black_film()
            activations = {layer: rows[: len(loaded.inputs)] for layer, rows in self._activations(films).items()}
        reasons, kept = _not_finite([image.reason for image in loaded.images], activations)
        images = tuple(image.set_aside(reason) for image, reason in zip(loaded.images, reasons, strict=True))
        return TargetPart(images, {layer: rows[kept] for layer, rows in activations.items()})

    def vlm_part(self, loaded: VLMInputs) -> VLMPart:
        """The VLM's part of a batch. An image that it gives no finite embedding for is set aside.

        Raises MammiError when the VLM fails on its inputs, gives other embeddings than it should, or the device has
        too little memory.
        """
        embeddings = np.empty((0, self._vlm.dimension), np.float32)
        if loaded.inputs:
            with self._memory_told(len(loaded.inputs)):
                embeddings = self._embeddings(_stacked("vlm", loaded.inputs))
        reasons, kept = _not_finite(loaded.reasons, {"its embedding": embeddings})
        return VLMPart(reasons, embeddings[kept])

    @contextmanager
    def _memory_told(self, images: int) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError:
            raise MammiError(f"{self._device} has too little memory for run.batch_size = {images}: lower it.") from None

    def _embeddings(self, views: torch.Tensor) -> Floats:
        with (
            failing_as(f"vlm: the model failed on a batch of shape {list(views.shape)}", torch.OutOfMemoryError),
            torch.inference_mode(),
            precision(self._device, self._mixed),
        ):
            embeddings = _array(self._vlm.encode_images(views.to(self._device)))
        check_embeddings(self._vlm, embeddings, len(views))
        return embeddings

    def _black_film(self) -> torch.Tensor:
        """An input [1, c, h, w] that tells how many units each layer has, where there is no image."""
        with failing_as("target: preprocessing a black film failed"):
            return self._target.preprocess(np.zeros((256, 256), np.uint8))[None]

    def _activations(self, films: torch.Tensor) -> dict[str, Floats]:
        with torch.inference_mode(), precision(self._device, self._mixed):
            with failing_as(
                f"target: the model failed on a batch of shape {list(films.shape)}", torch.OutOfMemoryError
            ):
                output = self._target.module(films.to(self._device))
            self._check_classes(output)
            pooled = self._taps.pooled()
        for layer, values in pooled.items():
            if len(values) != len(films):
                raise ConfigError(f"target.layers: {layer!r} gives {len(values)} rows for {len(films)} images.")
        return {layer: _array(values) for layer, values in pooled.items()}

    def _check_classes(self, output: Any) -> None:
        named = len(self._target.classes)
        if named and isinstance(output, torch.Tensor) and output.ndim == 2 and output.shape[1] != named:
            raise ConfigError(f"target.classes names {named} classes; {self._target.name} gives {output.shape[1]}.")


def _stacked(model: str, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    with failing_as(f"{model}: the inputs of a batch do not go together"):
        return torch.stack(list(inputs))


def _array(values: torch.Tensor) -> Floats:
    return values.detach().float().cpu().numpy()


def _hash(*values: object) -> str:
    return hashlib.sha256(json.dumps([VERSION, *values]).encode()).hexdigest()


def _not_finite(reasons: Sequence[str], arrays: Mapping[str, Floats]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Of all images why they are set aside, and the rows of the arrays to be kept, when one that is not finite is too.

    The arrays have a row for each image without a reason yet.
    """
    faults = [""] * sum(not reason for reason in reasons)
    for name, values in arrays.items():
        for row in np.flatnonzero(~np.isfinite(values).all(axis=1)):
            faults[row] = faults[row] or f"not a finite number: {name}"
    remaining = iter(faults)
    kept = np.array([row for row, fault in enumerate(faults) if not fault], dtype=np.int64)
    return tuple(reason or next(remaining) for reason in reasons), kept
