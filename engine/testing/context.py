"""A small MethodContext: a target model with random weights over made-up films, for checks of computed methods."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from engine.probing.base import Box, Image, Polygon
from engine.progress import Silent

if TYPE_CHECKING:
    import torch

    from engine.methods.context import MethodContext

FILMS = 40
SIDE = 32
"""Pixels of a film"""
LABELS = ("Effusion", "Mass")
CONCEPTS = ("effusion", "mass", "heart", "rib")
DIMENSION = 8


class Films:
    """Films in memory as a probing set: dark noise, with a bright square where a label's box is."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._films: dict[str, NDArray[np.uint8]] = {}
        self.images: Sequence[Image] = [self._add(number, rng) for number in range(FILMS)]

    def _add(self, number: int, rng: np.random.Generator) -> Image:
        film = rng.integers(0, 100, (SIDE, SIDE), dtype=np.uint8)
        label = [None, *LABELS][number % 3]
        image = Image(f"{number:03}.png", patient=str(number // 2), report="The heart is normal.")
        if label is not None:
            left = 2 if label == LABELS[0] else SIDE // 2
            film[8:20, left : left + 12] += 120
            corners = ((left, 8), (left + 12, 8), (left + 12, 20), (left, 20))
            boxes, polygons = (Box(label, left, 8, 12, 12),), (Polygon(label, corners),)
            image = Image(image.path, image.patient, None, (label,), boxes, polygons, f"There is a {label.lower()}.")
        self._films[image.path] = film
        return image

    def read(self, image: Image) -> bytes:
        file = io.BytesIO()
        Picture.fromarray(self._films[image.path]).save(file, "PNG")
        return file.getvalue()

    def content(self, image: Image) -> None:
        """None: the bytes must be read."""


class SmallVLM:
    """Embeds a film by its pixels in 8 squares, and a text by its letters."""

    name = "a small VLM"
    dimension = DIMENSION
    identity = "small"
    by_name = False

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> torch.Tensor:  # noqa: ARG002
        import torch

        small = Picture.fromarray(film).resize((4, 2))
        return torch.from_numpy(np.asarray(small, dtype=np.float32) / 255 + 0.01)

    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.nn.functional.normalize(batch.flatten(1), dim=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.array(
            [[1.0 + sum(map(ord, text[place::DIMENSION])) for place in range(DIMENSION)] for text in texts]
        )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / lengths, dtype=np.float32)


def small_context(batch_size: int = 16) -> MethodContext:
    """The context of a run over 40 films of 32 × 32 pixels with labels, boxes, outlines, reports and patients.

    The target model has the layers `conv` (maps), `penultimate` and `logits`, whose units are the two labels.
    """
    import torch
    from torch import nn

    from engine.methods.context import MethodContext
    from engine.methods.films import film_batches
    from engine.store.contents import Layer
    from engine.targets.base import TargetModel
    from engine.targets.taps import Taps

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        head = [nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, len(LABELS))]
        module = nn.Sequential()
        module.add_module("conv", nn.Conv2d(1, 6, 5, stride=2))
        module.add_module("head", nn.Sequential(*head))
        module.eval()

    def preprocess(film: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(film.astype(np.float32) / 255)[None]

    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((FILMS + len(CONCEPTS) + 1, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    probing = Films()
    layers = (Layer("conv", "mean"), Layer("penultimate", "mean"), Layer("logits", "mean", LABELS))
    activations: dict[str, NDArray[np.float32]] = {}
    context = MethodContext(
        probing=probing,
        images=tuple(probing.images),
        target=TargetModel(module, preprocess, LABELS, "small", "a small model"),
        layers=layers,
        channels="auto",
        device=torch.device("cpu"),
        mixed_precision=False,
        batch_size=batch_size,
        activations=lambda layer: activations[layer],
        image_embeddings=vectors[:FILMS],
        concepts=CONCEPTS,
        text_embeddings=vectors[FILMS:-1],
        template_embedding=vectors[-1],
        progress=Silent(),
        vlm=SmallVLM,
        captions=tuple(dict.fromkeys(image.report or "" for image in probing.images)),
        caption_embeddings=vectors[FILMS : FILMS + 3],
    )
    with Taps(module, [layer.name for layer in layers], "mean") as taps, torch.inference_mode():
        for batch in film_batches(context, range(FILMS), FILMS):
            module(batch.inputs)
            activations |= {layer: values.numpy() for layer, values in taps.pooled().items()}
    return context
