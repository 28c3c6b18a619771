"""Runs the models over the probing set: from a batch of images to its activations and its embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.device import precision
from engine.errors import ConfigError, MammiError, failing_as
from engine.run.inputs import Models
from engine.run.keys import map_key
from engine.run.loading import PreparedImage
from engine.run.map_pass import map_rows
from engine.store.batch import Floats
from engine.store.class_maps import packed
from engine.store.embedding_rows import is_rounded, rounded
from engine.store.halves import to_halves
from engine.store.parts import (
    CLASS_MAPS,
    HEAD_INPUTS,
    OUTPUTS,
    STATISTICS,
    Computed,
    FilmRows,
    ImageKeys,
    PartKeys,
    VectorRows,
)
from engine.store.unit_maps import MapRows
from engine.targets.base import TargetModel
from engine.targets.output_taps import LastValues, OutputTaps
from engine.targets.taps import Taps
from engine.targets.top_maps import CuttingTaps, TopFilms
from engine.vlms.embedding import embed_images


class ImagePass:
    """Both models on their device, with taps on the target model for the length of a `with` block.

    It takes prepared images and gives values that can be sent to the process that writes them.
    """

    def __init__(self, config: RunConfig, parts: PartKeys, models: Models) -> None:
        self._config = config
        self._parts = parts
        self._models = models
        self._mixed = config.run.mixed_precision
        self._stack = ExitStack()
        self._top = TopFilms(config.keep.top_maps)
        self._without_maps: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def _device(self) -> torch.device:
        return self._models.device

    @cached_property
    def _target(self) -> TargetModel:
        """On its device, in evaluation mode."""
        _ = self._models.readings
        return self._models.target

    @cached_property
    def _taps(self) -> Taps:
        """On all layers of the run, until the block ends."""
        module, layers, settings = self._target.module, tuple(self._parts.layers), self._config.taps
        given = (module, layers, settings.pooling, settings.channels, self._models.readings)
        cutting = self._config.keep.maps
        return self._stack.enter_context(CuttingTaps(*given, self._top.entering) if cutting else Taps(*given))

    @cached_property
    def _output_taps(self) -> OutputTaps:
        """On the target model's last part, until the block ends."""
        taps = self._config.taps
        return self._stack.enter_context(
            OutputTaps(self._target.module, self._models.last_part, taps.pooling, taps.channels)
        )

    def compute(self, images: Sequence[PreparedImage]) -> Computed:
        """Computes the parts that a batch of images lacks. A part that is not finite sets its image aside.

        Raises ConfigError when layers, classes and the model's output do not match, and MammiError when a model fails
        on its inputs, the VLM gives anything but unit vectors of its dimension, or the device has too little memory.
        """
        opened = [(image.keys.film, image.film) for image in images if image.film is not None]
        films = FilmRows(self._parts.film, tuple(key for key, _ in opened), tuple(film for _, film in opened))
        maps: list[MapRows] = []
        vectors = (*self._of_target(images, maps), *self._of_vlm(images))
        return Computed(films, vectors, tuple(maps))

    def _of_target(self, images: Sequence[PreparedImage], maps: list[MapRows]) -> Iterator[VectorRows]:
        """The statistics of the target model's inputs, and the activations of each layer. Adds to `maps`."""
        made = [(image, image.target) for image in images if image.target is not None]
        inputs = [target.input for _, target in made if target.input is not None]
        if not made:
            return
        reasons = [(image, target.reason) for image, target in made]
        statistics = np.array([target.statistics for _, target in made if not target.reason], np.float32)
        yield _rows(self._parts.input, reasons, statistics.reshape(-1, STATISTICS), attrgetter("film"), "")
        with self._memory_failure_named(len(inputs)):
            activations, last = self._pass(_stacked("target", inputs)) if inputs else ({}, {})
        maps += self._maps([image.keys.film for image, target in made if target.input is not None])
        for layer, part in self._parts.layers.items():
            yield _rows(part, reasons, activations.get(layer, np.empty((0, 0), np.float32)), attrgetter("film"), layer)
        for name, part in self._parts.last_part.items():
            if part:
                yield _rows(
                    part, reasons, last.get(name, np.empty((0, 0), np.float32)), attrgetter("film"), f"its {name}"
                )

    def _maps(self, images: Sequence[str]) -> Iterator[MapRows]:
        """What may be worth keeping of the maps of the images that have just passed. That a layer has none is told
        once."""
        if not (images and isinstance(self._taps, CuttingTaps)):
            return
        self._top.remember()
        for layer, kept in self._taps.maps().items():
            if kept is None and layer in self._without_maps:
                continue
            if kept is None:
                self._without_maps.add(layer)
            yield map_rows(map_key(self._parts.layers[layer]), images, kept)

    def _of_vlm(self, images: Sequence[PreparedImage]) -> Iterator[VectorRows]:
        """The embeddings of the images."""
        made = [(image, image.vlm) for image in images if image.vlm is not None]
        inputs = [vlm.input for _, vlm in made if vlm.input is not None]
        if not made:
            return
        embeddings = np.empty((0, self._models.vlm.dimension), np.float32)
        if inputs:
            embeddings = embed_images(self._models.vlm, inputs, self._device, self._mixed)
        if is_rounded(self._parts.embedding):
            embeddings = rounded(embeddings)
        reasons = [(image, vlm.reason) for image, vlm in made]
        yield _rows(self._parts.embedding, reasons, embeddings, attrgetter("embedding"), "its embedding")

    @contextmanager
    def _memory_failure_named(self, images: int) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError:
            raise MammiError(f"{self._device} has too little memory for run.batch_size = {images}: lower it.") from None

    def _pass(self, films: torch.Tensor) -> tuple[dict[str, Floats], dict[str, NDArray[Any]]]:
        """Passes films through the target model: the activations of each layer, and by the part's name what the
        model's last part gives."""
        taps, last = self._taps, self._output_taps  # here: what is found out for them needs gradients
        with torch.inference_mode(), precision(self._device, self._mixed):
            with failing_as(
                f"target: the model failed on a batch of shape {list(films.shape)}", torch.OutOfMemoryError
            ):
                taps.forward(films.to(self._device))
            pooled, given = taps.pooled(), last.taken()
        for layer, values in pooled.items():
            if len(values) != len(films):
                raise ConfigError(f"target.layers: {layer!r} gives {len(values)} rows for {len(films)} images.")
        return {layer: _array(values) for layer, values in pooled.items()}, _parts_of(given, len(films))


def _parts_of(given: LastValues, films: int) -> dict[str, NDArray[Any]]:
    """By the part's name what a target model's last part gave; no values for what it does not give."""
    nothing = np.empty((films, 0), np.float32)
    outputs = nothing if given.outputs is None else _array(given.outputs)
    inputs = nothing if given.inputs is None else to_halves(_array(given.inputs))
    maps = np.empty((films, 0), np.uint8) if given.maps is None else packed(_array(given.maps))
    return {OUTPUTS: outputs, HEAD_INPUTS: inputs, CLASS_MAPS: maps}


def _stacked(model: str, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    with failing_as(f"{model}: the inputs of a batch cannot be stacked"):
        return torch.stack(list(inputs))


def _array(values: torch.Tensor) -> Floats:
    return values.detach().float().cpu().numpy()


def _rows(
    part: str,
    images: Sequence[tuple[PreparedImage, str]],
    values: NDArray[Any],
    key: Callable[[ImageKeys], str],
    name: str,
) -> VectorRows:
    """One part of the images that lack it. Each image comes with the reason why its model's input cannot be made, or
    ""; `values` has a row for each image without a reason. `name` is what the reason calls a value that is not finite;
    "" if any value will do."""
    whole = [bool(np.isfinite(row).all()) for row in values]
    rows = zip(values, whole, strict=True)
    keys, reasons, usable = [], [], []
    for image, reason in images:
        row, finite = (None, True) if reason else next(rows)
        if part not in image.lacking:
            continue
        fault = reason if finite or not name else f"not a finite number: {name}"
        keys.append(key(image.keys))
        reasons.append(fault)
        if row is not None and not fault:
            usable.append(row)
    stacked = np.stack(usable) if usable else np.empty((0, values.shape[1]), values.dtype)
    return VectorRows(part, tuple(keys), tuple(reasons), stacked)
