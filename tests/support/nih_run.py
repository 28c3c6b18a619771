"""A synthetic run at the size of NIH ChestX-ray14: embeddings in clusters, activations that follow them, a linear head
on them, and everything that a run keeps of its decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.probing.base import Image
from engine.store import thumbnails
from engine.store.batch import Batch, ProbedImage
from engine.store.class_maps import packed
from engine.store.contents import ConceptSet, Layer, RunContents
from engine.store.decision_contents import DecisionContents, HeadContents
from engine.store.decision_records import Missing
from engine.store.unit_maps import LayerMaps, Strongest

LAYER = "features.denseblock4"
FINDINGS = ("Infiltration", "Effusion", "Atelectasis", "Nodule", "Mass", "Pneumothorax", "Consolidation", "Hernia")
CLASSES = (*FINDINGS, "Cardiomegaly", "Pneumonia", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening")
TOP_MAPS = 24
SIDE = 7
"""Cells of a map's side"""
CLUSTERS = 60
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Size:
    images: int
    units: int
    dimension: int
    concepts: int
    before: tuple[int, ...] = ()
    """Units of each layer before the last one"""

    @property
    def layers(self) -> dict[str, int]:
        """The units of each layer, by its name."""
        return {f"{LAYER}.before.{place}": units for place, units in enumerate(self.before)} | {LAYER: self.units}


class SyntheticRun:
    """The contents and the batches of the run. `decisions`: whether it keeps what [keep] can leave out."""

    def __init__(self, size: Size, kind: str, decisions: bool) -> None:
        self._size = size
        self._kind = kind
        self._decisions = decisions
        self._rng = np.random.default_rng(7)
        self._strongest = Strongest(TOP_MAPS)
        self._weights = (self._rng.normal(size=(len(CLASSES), size.units)) / np.sqrt(size.units)).astype(np.float32)
        self._bias = np.full(len(CLASSES), -1.5, np.float32)

    def contents(self) -> RunContents:
        size, rng = self._size, self._rng
        head = HeadContents(self._weights, self._bias, LAYER, False, (SIDE, SIDE) if self._decisions else None)
        off = "It was left out to compare sizes."
        missing = () if self._decisions else (Missing("films", off, ""), Missing("class maps", off, ""))
        return RunContents(
            images=[_image(index, rng) for index in range(size.images)],
            layers=[Layer(name, "mean") for name in size.layers],
            concepts=[f"concept {index}" for index in range(size.concepts)],
            concept_sets=[
                ConceptSet("all", "word_list", tuple(range(size.concepts))),
                ConceptSet("every third", "word_list", tuple(range(0, size.concepts, 3))),
            ],
            text_embeddings=_unit(rng.normal(size=(size.concepts, size.dimension))),
            template="A chest x-ray image of a",
            template_embedding=_unit(rng.normal(size=(1, size.dimension)))[0],
            alpha=0.93,
            beta=0.95,
            target="synthetic",
            vlm="synthetic",
            decisions=DecisionContents(CLASSES, "sigmoid", 0.5, head, self._decisions, missing),
            unit_maps=self._unit_maps,
        )

    def batches(self) -> Iterator[Batch]:
        size, rng = self._size, self._rng
        centres = rng.normal(size=(CLUSTERS, size.dimension))
        total = sum(size.layers.values())
        drives = rng.normal(size=(size.dimension, total)) / np.sqrt(size.dimension)
        ends = np.cumsum(list(size.layers.values()))[:-1]
        films = [_film(rng) for _ in range(200)]
        for start in range(0, size.images, BATCH):
            count = min(BATCH, size.images - start)
            embeddings = centres[rng.integers(CLUSTERS, size=count)] + rng.normal(size=(count, size.dimension))
            drive = (embeddings @ drives) / np.sqrt(2) + 0.5 * rng.normal(size=(count, total))
            values = drive if self._kind == "gaussian" else np.maximum(np.exp(0.7 * drive) - 0.6, 0)
            parts = np.split(values.astype(np.float32), ends, axis=1)
            activations = parts[-1]
            self._strongest.add(activations)
            inputs = np.maximum(activations * 1.1 + 0.05, 0).astype(np.float32)
            yield Batch(
                tuple(films[rng.integers(len(films))] for _ in range(count)),
                _unit(embeddings),
                dict(zip(size.layers, parts, strict=True)),
                inputs @ self._weights.T + self._bias,
                inputs if self._decisions else None,
                self._class_maps(count) if self._decisions else (),
            )

    def _class_maps(self, count: int) -> list[bytes]:
        maps = self._rng.normal(size=(count, len(CLASSES), SIDE, SIDE)).astype(np.float32)
        return [row.tobytes() for row in packed(maps)]

    def _unit_maps(self, layer: str) -> LayerMaps | None:
        if not self._decisions or layer != LAYER:
            return None
        images = self._strongest.images()
        lows, highs = -self._rng.random(images.shape, np.float32), self._rng.random(images.shape, np.float32)
        cells = self._rng.integers(0, 256, (*images.shape, SIDE, SIDE), dtype=np.uint8)
        return LayerMaps(images, lows, highs, cells)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _image(index: int, rng: np.random.Generator) -> Image:
    labels = tuple(label for label in FINDINGS if rng.random() < 0.1)
    return Image(f"images/{index // 4:08d}_{index % 4:03d}.png", f"{index // 4:08d}", "PA", labels)


def _film(rng: np.random.Generator) -> ProbedImage:
    """A thumbnail about as large as a real film's in bytes: two soft lungs and fine grain."""
    y, x = np.mgrid[-1:1:192j, -1:1:192j]
    lungs = sum(np.exp(-(((x - side) / 0.3) ** 2) - (y / 0.7) ** 2) for side in (-0.45, 0.45))
    ribs = 8 * np.sin(18 * (y + 0.3 * x**2) + rng.uniform(0, 6))
    film = 175 - 120 * np.asarray(lungs) + ribs + rng.normal(0, 3.2, x.shape)
    encoded = thumbnails.encode(np.clip(film, 0, 255).astype(np.uint8))
    return ProbedImage(420_000, hashlib.sha256(encoded).hexdigest(), 1024, 1024, encoded)
