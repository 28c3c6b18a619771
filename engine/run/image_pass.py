"""Runs the models over the probing set: from a batch of images to its activations and its embeddings."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from types import TracebackType
from typing import Self

import numpy as np
import torch

from engine.config.settings import RunConfig
from engine.device import Mark, precision, to_device, to_host
from engine.errors import ConfigError, MammiError, failing_as
from engine.run.inputs import Models
from engine.run.keys import map_key
from engine.run.loading import PreparedImage
from engine.run.map_pass import map_rows
from engine.run.part_rows import last_rows, no_direction, not_finite, unit_not_finite, vector_rows
from engine.store.embedding_rows import is_rounded, rounded
from engine.store.parts import (
    STATISTICS,
    Computed,
    FilmRows,
    PartKeys,
    VectorRows,
)
from engine.store.unit_maps import MapRows
from engine.targets.base import TargetModel
from engine.targets.compiling import compiled
from engine.targets.output_taps import LastValues, OutputTaps
from engine.targets.taps import Taps
from engine.targets.top_maps import CuttingTaps, KeptMaps, TopFilms
from engine.vlms.embedding import embed_again, embedded, start_embedding

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """Images that have been given to the models, and what these will have made of them once `mark` is reached, in the
    host's memory."""

    images: Sequence[PreparedImage]
    inputs: int
    """The number of images that the target model was given"""
    views: int
    """The number of images that the VLM was given"""
    activations: dict[str, torch.Tensor]
    """Layer -> [inputs, units]; empty where the target model was given no image"""
    last: LastValues
    maps: dict[str, KeptMaps | None]
    embeddings: torch.Tensor | None
    """[views, d]"""
    mark: Mark | None
    """None where no model was given an image"""


class ImagePass:
    """Both models on their device, with taps on the target model for the length of a `with` block.

    It takes prepared images and gives values that can be sent to the process that writes them.
    """

    def __init__(self, config: RunConfig, parts: PartKeys, models: Models, top: TopFilms) -> None:
        """`top` outlives the pass: it remembers the strongest films so far."""
        self._config = config
        self._parts = parts
        self._models = models
        self._mixed = config.run.mixed_precision
        self._stack = ExitStack()
        self._top = top
        self._without_maps: set[str] = set()
        self._most = config.run.batch_size
        self._compiled = not config.run.compile
        self._embedded_twice = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def _format(self) -> torch.memory_format:
        return torch.channels_last if self._config.run.memory_format == "channels_last" else torch.contiguous_format

    @cached_property
    def _device(self) -> torch.device:
        return self._models.device

    @cached_property
    def _target(self) -> TargetModel:
        """On its device, in evaluation mode."""
        _ = self._models.readings
        if self._config.run.memory_format == "channels_last":
            self._models.target.module.to(memory_format=torch.channels_last)
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

    def _compile(self) -> None:
        """Compiles the target model until the block ends, if the run asks for it. The taps are in place by then."""
        if not self._compiled:
            self._stack.enter_context(compiled(self._target.module))
            self._compiled = True

    @property
    def ahead(self) -> int:
        """How many batches a device is given before what it made of the first is asked for."""
        return int(self._device.type == "cuda")

    def start(self, images: Sequence[PreparedImage]) -> Iterator[Passing]:
        """Passes images through the models: all at once or, where the device has too little memory, fewer at a time
        from then on.

        Raises ConfigError when layers, classes and the model's output do not match, and MammiError when a model fails
        on its inputs or the device has too little memory for a single image.
        """
        left = list(images)
        while left:
            some = left[: self._most]
            passing = self._try(some)
            if passing is None:
                self._take_fewer(len(some))
            else:
                left = left[len(some) :]
                yield passing

    def _try(self, images: Sequence[PreparedImage]) -> Passing | None:
        """None where memory does not suffice; what had been made of the images is then given up."""
        try:
            return self._start(images)
        except torch.OutOfMemoryError:
            return None

    def _take_fewer(self, images: int) -> None:
        if images == 1:
            raise MammiError(
                f'{self._device} has too little memory for a single image: set run.device = "cpu", or free its memory.'
            )
        self._most = images // 2
        log.warning("%s has too little memory for %d images at once: %d from now on.", self._device, images, self._most)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _start(self, images: Sequence[PreparedImage]) -> Passing:
        inputs = [each.target.input for each in images if each.target is not None and each.target.input is not None]
        views = [each.vlm.input for each in images if each.vlm is not None and each.vlm.input is not None]
        activations, last, maps = self._pass(inputs) if inputs else ({}, LastValues(None, None, None), {})
        embeddings = start_embedding(self._models.vlm, views, self._device, self._mixed) if views else None
        if inputs:
            self._top.remember()
        mark = Mark(self._device) if inputs or views else None
        return Passing(images, len(inputs), len(views), activations, last, maps, embeddings, mark)

    def finish(self, passing: Passing) -> Computed:
        """The parts that images lacked, once they have passed. A part that is not finite sets its image aside.

        Raises MammiError when the VLM gives anything but unit vectors of its dimension.
        """
        if passing.mark is not None:
            with failing_as(f"{self._device}: the models failed on a batch of {len(passing.images)} images"):
                passing.mark.wait()
        images = passing.images
        opened = [(image.keys.film, image.film) for image in images if image.film is not None]
        films = FilmRows(self._parts.film, tuple(key for key, _ in opened), tuple(film for _, film in opened))
        vectors = (*self._of_target(passing), *self._of_vlm(passing))
        return Computed(films, vectors, tuple(self._maps(passing)))

    def _of_target(self, passing: Passing) -> Iterator[VectorRows]:
        """The statistics of the target model's inputs, the activations of each layer, and what its last part gave."""
        made = [(image, image.target) for image in passing.images if image.target is not None]
        if not made:
            return
        reasons = [(image, target.reason) for image, target in made]
        statistics = np.array([target.statistics for _, target in made if not target.reason], np.float32)
        yield vector_rows(self._parts.input, reasons, statistics.reshape(-1, STATISTICS), attrgetter("film"))
        nothing = np.empty((0, 0), np.float32)
        for layer, part in self._parts.layers.items():
            values = passing.activations[layer].numpy() if passing.inputs else nothing
            rows = vector_rows(part, reasons, values, attrgetter("film"), unit_not_finite(layer))
            if passing.inputs:
                rows.values[:, list(self._taps.reading(layer).numberless)] = np.nan  # so that every file tells them
            yield rows
        last = last_rows(passing.last, passing.inputs) if passing.inputs else {}
        for name, part in self._parts.last_part.items():
            if part:
                yield vector_rows(part, reasons, last.get(name, nothing), attrgetter("film"), not_finite(f"its {name}"))

    def _maps(self, passing: Passing) -> Iterator[MapRows]:
        """What may be worth keeping of the maps of images that have passed. That a layer has none is told once."""
        images = [image.keys.film for image in passing.images if image.target is not None and not image.target.reason]
        for layer, kept in passing.maps.items():
            if kept is None and layer in self._without_maps:
                continue
            if kept is None:
                self._without_maps.add(layer)
            yield map_rows(map_key(self._parts.layers[layer]), images, kept)

    def _of_vlm(self, passing: Passing) -> Iterator[VectorRows]:
        """The embeddings of the images."""
        made = [(image, image.vlm) for image in passing.images if image.vlm is not None]
        if not made:
            return
        embeddings = np.empty((0, self._models.vlm.dimension), np.float32)
        if passing.embeddings is not None:
            embeddings = embedded(self._models.vlm, passing.embeddings, passing.views)
            if not self._embedded_twice:
                self._embedded_twice = True
                view = next(vlm.input for _, vlm in made if vlm.input is not None)
                embed_again(self._models.vlm, view, embeddings[0], self._device, self._mixed)
        if is_rounded(self._parts.embedding):
            embeddings = rounded(embeddings)
        reasons = [(image, vlm.reason) for image, vlm in made]
        yield vector_rows(self._parts.embedding, reasons, embeddings, attrgetter("embedding"), no_direction)

    def _pass(
        self, inputs: Sequence[torch.Tensor]
    ) -> tuple[dict[str, torch.Tensor], LastValues, dict[str, KeptMaps | None]]:
        """Passes films through the target model: the activations of each layer, what the model's last part gives, and
        the maps cut out of each layer. All of it is on its way to the host's memory."""
        taps, last = self._taps, self._output_taps  # here: what is found out for them needs gradients
        self._compile()
        with failing_as("target: the inputs of a batch cannot be stacked", torch.OutOfMemoryError):
            films = to_device(inputs, self._device)
        with torch.inference_mode(), precision(self._device, self._mixed):
            with failing_as(
                f"target: the model failed on a batch of shape {list(films.shape)}", torch.OutOfMemoryError
            ):
                taps.forward(films.to(memory_format=self._format) if films.ndim == 4 else films)
            pooled, given = taps.pooled(), last.taken()
        for layer, values in pooled.items():
            if len(values) != len(films):
                raise ConfigError(f"target.layers: {layer!r} gives {len(values)} rows for {len(films)} images.")
        maps = taps.maps() if isinstance(taps, CuttingTaps) else {}
        return (
            {layer: self._copied(values) for layer, values in pooled.items()},
            LastValues(
                *(None if each is None else self._copied(each) for each in (given.outputs, given.inputs, given.maps))
            ),
            {layer: kept and self._copied_maps(kept) for layer, kept in maps.items()},
        )

    def _copied(self, values: torch.Tensor) -> torch.Tensor:
        return to_host(values.detach().float(), self._device)

    def _copied_maps(self, kept: KeptMaps) -> KeptMaps:
        return KeptMaps(*(to_host(getattr(kept, each.name), self._device) for each in fields(kept)))
