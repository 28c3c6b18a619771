"""The batches of a finished run, taken back out of its file: a changed concept set encodes no image again, a changed
VLM computes no activation."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Batch, BatchKeys, BatchPlace, ProbedImage, TargetPart, VLMPart
from engine.store.reader import RunReader
from engine.store.records import MethodScore


class FinishedRun:
    """A finished run's batches by content key, whole or one part of them as WorkFile gives it.

    A layer is sorted back into the images' order when first asked for, and then held: [p, units] float32 each.
    Raises RunFileError as RunReader does.
    """

    def __init__(self, path: Path) -> None:
        self._reader = RunReader(path)
        batches = self._reader.batches()
        self._places = {batch.keys: batch for batch in batches}
        self._targets = {batch.keys.target: batch for batch in batches if batch.target_whole}
        self._vlms = {batch.keys.vlm: batch for batch in batches if batch.vlm_whole}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()

    def has(self, keys: BatchKeys) -> bool:
        """Whether the run was made from the batch of these two keys."""
        return keys in self._places

    def has_target(self, key: str) -> bool:
        """Whether the target model's part of this key can be had from the run: the VLM set no image of it aside."""
        return key in self._targets

    def has_vlm(self, key: str) -> bool:
        """Whether the VLM's part of this key can be had from the run: the target model set no image of it aside."""
        return key in self._vlms

    def get(self, keys: BatchKeys) -> Batch:
        """The batch of these keys. Raises KeyError when there is none."""
        place = self._places[keys]
        images, part = self._images(place)
        activations = {name: values[part] for name, values in self._activations.items()}
        return Batch(images, self._embeddings[part], activations, place.target_whole, place.vlm_whole)

    def target_part(self, key: str) -> TargetPart:
        """The target model's part of a batch. Raises KeyError when there is none of this key."""
        images, part = self._images(self._targets[key])
        return TargetPart(images, {name: values[part] for name, values in self._activations.items()})

    def vlm_part(self, key: str) -> VLMPart:
        """The VLM's part of a batch. Raises KeyError when there is none of this key."""
        images, part = self._images(self._vlms[key])
        return VLMPart(tuple(image.reason for image in images), self._embeddings[part])

    def reasons(self, keys: BatchKeys) -> list[str]:
        """As Batch.images has them of the batch of these keys, without reading its arrays."""
        return self._reasons(self._places[keys])

    def target_reasons(self, key: str) -> list[str]:
        """The same of the target model's part."""
        return self._reasons(self._targets[key])

    def vlm_reasons(self, key: str) -> list[str]:
        """The same of the VLM's part."""
        return self._reasons(self._vlms[key])

    def _reasons(self, place: BatchPlace) -> list[str]:
        return self._reader.reasons(place.first_position, place.size)

    def _images(self, place: BatchPlace) -> tuple[tuple[ProbedImage, ...], slice]:
        """A batch's images, and where its usable ones stand among the run's."""
        rows = self._reader.probed_images(place.first_position, place.size)
        usable = [image for image, _ in rows if image is not None]
        return tuple(ProbedImage(*row) for _, row in rows), slice(usable[0], usable[-1] + 1) if usable else slice(0, 0)

    @property
    def stages(self) -> dict[str, str]:
        """Stage name -> the content key that the run gave it."""
        return self._reader.stages()

    def texts(self) -> dict[str, NDArray[np.float32]]:
        """The embeddings [d] of each bare template, of each concept in it, and of the captions, by their text."""
        reader = self._reader
        texts = dict(zip(reader.captions, reader.arrays.caption_embeddings(), strict=True))
        templates = {reader.info.template: reader.arrays.text_embeddings()}
        templates |= {other: reader.arrays.other_template(place) for place, other in enumerate(reader.other_templates)}
        for template, (embeddings, of_template) in templates.items():
            texts[template] = of_template
            prompted = zip(reader.concepts, embeddings, strict=True)
            texts |= {f"{template} {concept}": embedding for concept, embedding in prompted}
        return texts

    def method_scores(self, name: str) -> list[MethodScore]:
        """All that a computed method gave."""
        return [score for layer in self._reader.layers for score in self._reader.method_scores(name, layer.name)]

    @cached_property
    def _embeddings(self) -> NDArray[np.float32]:
        return self._reader.arrays.image_embeddings()

    @cached_property
    def _activations(self) -> dict[str, NDArray[np.float32]]:
        return {layer.name: self._reader.arrays.activations(layer).T for layer in self._reader.layers}
