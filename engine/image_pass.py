"""The models over the probing set: a batch of images to its activations and embeddings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.device import precision
from engine.errors import ConfigError, MammiError, told
from engine.loading import Inputs, LoadedBatch
from engine.store.batch import Batch, ProbedImage
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.vlms.base import VLM, check_embeddings

VERSION = 3
"""To be raised when the same images and models come to give another result: it is part of every batch's key."""

Floats = NDArray[np.float32]


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
        settings = [
            VERSION,
            target.identity,
            list(layers),
            config.taps.pooling,
            config.taps.channels,
            vlm.identity,
            self._mixed,
            config.run.thumbnail_size,
        ]
        self.fingerprint = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
        """Of all that determines a batch's content beside its images."""

    def __enter__(self) -> Self:
        self._target.module.to(self._device).eval()
        self._taps.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._taps.__exit__(kind, error, traceback)

    def compute(self, loaded: LoadedBatch) -> Batch:
        """The batch as it is stored. An image that a model gives no finite answer for is set aside.

        Raises ConfigError when layers, classes and the model's output do not go together, and MammiError when
        the target model fails on its inputs or the device has too little memory.
        """
        inputs = loaded.inputs
        try:
            activations, embeddings = self._forward(inputs) if inputs else self._nothing()
        except torch.OutOfMemoryError:
            raise MammiError(
                f"{self._device} has too little memory for run.batch_size = {len(inputs)}: lower it."
            ) from None
        faults = [""] * len(inputs)
        for name, values in {"its embedding": embeddings, **activations}.items():
            for row in np.flatnonzero(~np.isfinite(values).all(axis=1)):
                faults[row] = faults[row] or f"not a finite number: {name}"
        kept = [row for row, fault in enumerate(faults) if not fault]
        remaining = iter(faults)
        images = tuple(image if image.reason else _set_aside(image, next(remaining)) for image in loaded.images)
        return Batch(images, embeddings[kept], {layer: values[kept] for layer, values in activations.items()})

    def _forward(self, inputs: Sequence[Inputs]) -> tuple[dict[str, Floats], Floats]:
        """Layer -> [n, units], and unit vectors [n, d]."""
        activations = self._activations(_stacked("target", [pair.target for pair in inputs]))
        return activations, self._embeddings(_stacked("vlm", [pair.vlm for pair in inputs]))

    def _embeddings(self, views: torch.Tensor) -> Floats:
        with (
            told(f"vlm: the model failed on a batch of shape {list(views.shape)}", torch.OutOfMemoryError),
            torch.inference_mode(),
            precision(self._device, self._mixed),
        ):
            embeddings = _array(self._vlm.encode_images(views.to(self._device)))
        check_embeddings(self._vlm, embeddings, len(views))
        return embeddings

    def _nothing(self) -> tuple[dict[str, Floats], Floats]:
        """The same for no image: a black film tells how many units each layer has."""
        with told("target: preprocessing a black film failed"):
            black = self._target.preprocess(np.zeros((256, 256), np.uint8))
        activations = {layer: values[:0] for layer, values in self._activations(black[None]).items()}
        return activations, np.empty((0, self._vlm.dimension), np.float32)

    def _activations(self, films: torch.Tensor) -> dict[str, Floats]:
        with torch.inference_mode(), precision(self._device, self._mixed):
            with told(f"target: the model failed on a batch of shape {list(films.shape)}", torch.OutOfMemoryError):
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
    with told(f"{model}: the inputs of a batch do not go together"):
        return torch.stack(list(inputs))


def _array(values: torch.Tensor) -> Floats:
    return values.detach().float().cpu().numpy()


def _set_aside(image: ProbedImage, reason: str) -> ProbedImage:
    return replace(image, width=0, height=0, thumbnail=b"", reason=reason) if reason else image
