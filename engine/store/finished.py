"""The batches of a finished run, taken back out of its file: a changed concept set encodes no image again."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Batch, ProbedImage
from engine.store.reader import RunReader


class FinishedRun:
    """A finished run's batches by content key, as WorkFile gives them.

    A layer is sorted back into the images' order when first asked for, and then held: [p, units] float32 each.
    Raises RunFileError as RunReader does.
    """

    def __init__(self, path: Path) -> None:
        self._reader = RunReader(path)
        self._places = self._reader.batches()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()

    def has(self, key: str) -> bool:
        """Whether the run was made from a batch of this key."""
        return key in self._places

    def get(self, key: str) -> Batch:
        """The batch of this key. Raises KeyError when there is none."""
        position, size = self._places[key]
        rows = self._reader.probed_images(position, size)
        images = tuple(ProbedImage(*row) for _, row in rows)
        usable = [image for image, _ in rows if image is not None]
        part = slice(usable[0], usable[-1] + 1) if usable else slice(0, 0)
        return Batch(images, self._embeddings[part], {name: values[part] for name, values in self._activations.items()})

    @property
    def stages(self) -> dict[str, str]:
        """Stage name -> the content key that the run gave it."""
        return self._reader.stages()

    def texts(self) -> dict[str, NDArray[np.float32]]:
        """The embeddings [d] of the bare template and of each concept in it, by their text."""
        template = self._reader.info.template
        embeddings, of_template = self._reader.arrays.text_embeddings()
        prompted = zip(self._reader.concepts, embeddings, strict=True)
        return {template: of_template, **{f"{template} {concept}": embedding for concept, embedding in prompted}}

    @cached_property
    def _embeddings(self) -> NDArray[np.float32]:
        return self._reader.arrays.image_embeddings()

    @cached_property
    def _activations(self) -> dict[str, NDArray[np.float32]]:
        layers = {}
        arrays = self._reader.arrays
        for layer in self._reader.layers:
            values = np.empty((layer.units, self._reader.image_count), dtype=np.float32)
            for unit in range(layer.units):
                images, activations = arrays.ranked(layer.first_neuron + unit, 0, arrays.blocks_each - 1)
                values[unit, images] = activations
            layers[layer.name] = values.T
        return layers
