"""A MethodContext over made-up films in memory, for tests of the computed methods."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture
from torch import Tensor, nn

from engine.methods.context import MethodContext
from engine.methods.films import film_batches
from engine.probing.base import Image
from engine.progress import Silent
from engine.store.contents import Layer
from engine.targets.base import TargetModel
from engine.targets.taps import Taps
from engine.testing.context import SmallVLM


class Notes(Silent):
    """Keeps the notes of a run."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


class FilmsInMemory:
    def __init__(self, films: Sequence[NDArray[np.uint8]], images: Sequence[Image]) -> None:
        self.images = images
        self._films = {image.path: film for image, film in zip(images, films, strict=True)}

    def read(self, image: Image) -> bytes:
        file = io.BytesIO()
        Picture.fromarray(self._films[image.path]).save(file, "PNG")
        return file.getvalue()

    def content(self, image: Image) -> None:
        return None


def grey(film: NDArray[np.uint8]) -> Tensor:
    """A film [h, w] as a tensor [1, h, w] in [0, 1]."""
    return torch.from_numpy(film.astype(np.float32) / 255)[None]


def method_context(
    films: Sequence[NDArray[np.uint8]],
    images: Sequence[Image],
    module: nn.Module,
    layers: Sequence[str],
    classes: Sequence[str] = (),
    preprocess: Callable[[NDArray[np.uint8]], Tensor] = grey,
    batch_size: int = 4,
) -> MethodContext:
    """Makes a context. `classes` are the names of the last layer's units."""
    module.eval()
    named = tuple(
        Layer(name, "mean", tuple(classes) if place == len(layers) - 1 else ()) for place, name in enumerate(layers)
    )
    activations: dict[str, NDArray[np.float32]] = {}
    context = MethodContext(
        probing=FilmsInMemory(films, images),
        images=tuple(images),
        target=TargetModel(module, preprocess, tuple(classes), "identity", "a model"),
        layers=named,
        channels="auto",
        device=torch.device("cpu"),
        mixed_precision=False,
        batch_size=batch_size,
        activations=lambda layer: activations[layer],
        image_embeddings=np.eye(len(images), 4, dtype=np.float32),
        concepts=(),
        text_embeddings=np.zeros((0, 4), np.float32),
        template_embedding=np.zeros(4, np.float32),
        progress=Notes(),
        vlm=SmallVLM,
    )
    with Taps(module, layers, "mean") as taps, torch.inference_mode():
        for batch in film_batches(context, range(len(images)), len(images)):
            module(batch.inputs)
            activations |= {layer: values.numpy() for layer, values in taps.pooled().items()}
    return context


def in_batches_of(context: MethodContext, size: int) -> MethodContext:
    return replace(context, batch_size=size)


def hooks(module: nn.Module) -> int:
    """The number of hooks left on a model."""
    return sum(len(child._forward_hooks) + len(child._forward_pre_hooks) for child in module.modules())
