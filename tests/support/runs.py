"""Small synthetic run files: complete, quick to make, and with every awkward case in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.methods import COMPUTED
from engine.probing.base import Box, Image, Polygon
from engine.store import thumbnails
from engine.store.batch import Batch, Film, ProbedImage
from engine.store.contents import ConceptSet, Layer, OtherTemplate, RunContents, StoredMethod
from engine.store.parts import Computed, FilmRows, ImageKeys, PartKeys, VectorRows
from engine.store.records import MethodScore
from engine.store.writer import assemble
from tests.support.hostile import TEXTS

LABELS = ("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Pneumothorax")
HOSTILE = tuple(
    TEXTS[name]
    for name in (
        *("markup of Textual", "colour", "title", "newline"),
        *("right to left", "formula", "markup closed", "markup escaped"),
    )
)
"""A few hostile texts, one of each kind that is shown or handed on in a way of its own"""


def small_run(
    folder: Path,
    *,
    images: int = 60,
    units: tuple[int, ...] = (8, 14),
    concepts: int = 25,
    dimension: int = 16,
    seed: int = 0,
    hostile: bool | Sequence[str] = False,
    sets: int = 1,
    other_templates: int = 0,
    captions: int = 0,
    methods: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Writes a run file `folder`/run.duckdb.

    In each layer unit 0 is dead, unit 1 has no positive score, and unit 2 is full of ties. The last layer's units have
    names. Two further images are set aside. Two concepts share one embedding.

    `hostile` adds hostile texts to the names: some (HOSTILE), or those that it gives.
    `methods` are names with their options; computed ones get scores for all units but 0 (`method_scores`).
    """
    path = folder / "run.duckdb"
    contents, batches = small_contents(
        images=images, units=units, concepts=concepts, dimension=dimension, seed=seed, hostile=hostile, sets=sets
    )
    contents = with_evidence(contents, units, seed, other_templates, captions, methods or {})
    assemble(path, contents, batches)
    return path


def with_evidence(
    contents: RunContents,
    units: tuple[int, ...],
    seed: int,
    other_templates: int,
    captions: int,
    methods: Mapping[str, Mapping[str, Any]],
) -> RunContents:
    """The same run with other templates, whose texts are near those of its own, with captions and methods."""
    rng = np.random.default_rng(seed + 1000)
    odd = contents.concepts[0].removeprefix("concept 0")

    def near(vectors: np.ndarray) -> np.ndarray:
        return (vectors + rng.normal(scale=0.3, size=vectors.shape)).astype(np.float32)

    dimension = len(contents.template_embedding)
    computed = [name for name in methods if name in COMPUTED]
    return replace(
        contents,
        other_templates=[
            OtherTemplate(f"template {number}{odd}", near(contents.template_embedding), near(contents.text_embeddings))
            for number in range(other_templates)
        ],
        captions=[f"Sentence {number} tells of concept {number % 7}{odd}." for number in range(captions)],
        caption_embeddings=rng.normal(size=(captions, dimension)).astype(np.float32),
        methods=[StoredMethod(name, options) for name, options in methods.items()],
        method_scores={name: method_scores(contents, units, name) for name in computed},
    )


def method_scores(contents: RunContents, units: tuple[int, ...], name: str) -> list[MethodScore]:
    """Three scores of each unit but 0, ascending; those of tcav have p-values and name a layer."""
    tests = name == "tcav"
    return [
        MethodScore(
            *(layer.name, unit, contents.concepts[(unit + place) % len(contents.concepts)], 0.1 + place / 4),
            *((0.04 / (place + 1), f"of {layer.name}") if tests else (None, "")),
        )
        for layer, count in zip(contents.layers, units, strict=True)
        for unit in range(1, count)
        for place in range(3)
    ]


def small_contents(
    *,
    images: int = 60,
    units: tuple[int, ...] = (8, 14),
    concepts: int = 25,
    dimension: int = 16,
    seed: int = 0,
    hostile: bool | Sequence[str] = False,
    sets: int = 1,
    batch_size: int = 16,
) -> tuple[RunContents, list[Batch]]:
    """The contents that `small_run` writes. `batch_size` only decides how they are cut into batches."""
    rng = np.random.default_rng(seed)
    odd = ("",) if not hostile else HOSTILE if hostile is True else tuple(hostile)
    names = [f"layer{index}" for index in range(len(units))]
    probed = [_image(index, rng, odd[index % len(odd)]) for index in range(images + 2)]
    set_aside = {1, images + 1}
    texts = rng.normal(size=(concepts, dimension)).astype(np.float32)
    if concepts > 1:
        texts[-1] = texts[0]
    template = rng.normal(size=dimension).astype(np.float32)
    embeddings = rng.normal(size=(images, dimension)).astype(np.float32)
    activations = {name: _activations(rng, images, count) for name, count in zip(names, units, strict=True)}
    lowest = -(texts / np.linalg.norm(texts, axis=1, keepdims=True) - template / np.linalg.norm(template)).sum(axis=0)
    for values in activations.values():
        if values.shape[1] > 1:
            values[:, 1] = embeddings @ lowest / np.linalg.norm(embeddings, axis=1)
    parts = PartKeys("film key", "input key", {name: f"{name} key" for name in names}, "embedding key")
    contents = RunContents(
        images=probed,
        layers=[
            Layer(name, "mean", tuple(f"class {u}{odd[u % len(odd)]}" for u in range(count)) if last else ())
            for name, count, last in zip(names, units, [*[False] * (len(units) - 1), True], strict=True)
        ],
        concepts=[f"concept {index}{odd[index % len(odd)]}" for index in range(concepts)],
        concept_sets=concept_sets(concepts, sets),
        text_embeddings=texts,
        template="A chest x-ray image of a",
        template_embedding=template,
        alpha=0.93,
        beta=0.95,
        target="a synthetic target model",
        vlm="a synthetic VLM",
        stages={"texts": f"{seed:04x}"},
        parts=parts,
        image_keys=[ImageKeys(f"image {index}", f"image {index}") for index in range(images + 2)],
    )
    films = [_broken(index, parts) if index in set_aside else _probed(index % 24) for index in range(images + 2)]
    batches = []
    row = 0
    for start in range(0, len(probed), batch_size):
        part = tuple(films[start : start + batch_size])
        rows = slice(row, row + sum(not film.reason for film in part))
        row = rows.stop
        batches.append(Batch(part, embeddings[rows], {name: values[rows] for name, values in activations.items()}))
    return contents, batches


def computed(contents: RunContents, batch: Batch, first: int = 0) -> Computed:
    """A batch of `small_contents` as a worker returns it; `first` is the place of its first image in the run."""
    parts, images = contents.parts, batch.images
    assert parts is not None
    keys = contents.image_keys[first : first + len(images)]
    films = tuple(
        Film(image.size_bytes, image.sha256, image.width, image.height, image.thumbnail, image.reason)
        for image in images
    )
    reasons = tuple(image.reason for image in images)
    looks = [
        (image.input_low, image.input_high, image.input_mean, image.input_std) for image in images if not image.reason
    ]
    values = {
        parts.input: np.array(looks, np.float32).reshape(-1, 4),
        **{parts.layers[name]: rows for name, rows in batch.activations.items()},
        parts.embedding: batch.embeddings,
    }
    film_keys = tuple(key.film for key in keys)
    vectors = tuple(VectorRows(part, film_keys, reasons, rows) for part, rows in values.items())
    return Computed(FilmRows(parts.film, film_keys, films), vectors)


def concept_sets(concepts: int, count: int) -> list[ConceptSet]:
    """One set of all concepts; or several, "set 0", "set 1", …, that share every fifth concept, in falling order."""
    if count == 1:
        return [ConceptSet("word_list", "word_list", tuple(range(concepts)))]
    falling = range(concepts - 1, -1, -1)
    return [
        ConceptSet(f"set {number}", "word_list", tuple(c for c in falling if c % count == number or not c % 5))
        for number in range(count)
    ]


def _activations(rng: np.random.Generator, images: int, units: int) -> np.ndarray:
    values = np.maximum(rng.normal(size=(images, units)), -0.5).astype(np.float32)
    values[:, 0] = 0.25
    if units > 2:
        values[:, 2] = np.round(values[:, 2])
    return values


def _image(index: int, rng: np.random.Generator, odd: str) -> Image:
    labels = tuple(label + odd for label in LABELS if rng.random() < 0.25)
    boxes = tuple(Box(label, 4.0, 6.0, 20.0, 10.0) for label in labels[:1])
    polygons = tuple(Polygon(label, ((4.0, 6.5), (24.0, 6.0), (9.25, 16.0))) for label in labels[1:3])
    return Image(
        path=f"films/{index:08d}{odd}.png",
        patient=f"{index // 3:05d}{odd}",
        view="PA" if index % 2 else "AP",
        labels=labels,
        boxes=boxes,
        polygons=polygons,
        report=f"Film {index}.{odd}",
        parameters={"heart_width": float(rng.random())},
    )


@cache
def _probed(index: int) -> ProbedImage:
    rng = np.random.default_rng(index)
    rows, columns = np.mgrid[0:64, 0:56]
    film = (
        90 + 60 * np.sin(rows / (4 + index % 7)) + 40 * np.cos(columns / (3 + index % 5)) + rng.normal(0, 4, rows.shape)
    )
    encoded = thumbnails.encode(np.clip(film, 0, 255).astype(np.uint8))
    digest = hashlib.sha256(encoded).hexdigest()
    low, high, mean, std = np.array([-1.5 - index / 7, 2.25, index / 3, 0.9], np.float32).tolist()
    return ProbedImage(len(encoded), digest, 56, 64, encoded, "", low, high, mean, std)


def _broken(index: int, parts: PartKeys) -> ProbedImage:
    reasons = tuple((name, "truncated PNG") for name in parts.by_name())
    return ProbedImage(index, hashlib.sha256(b"").hexdigest(), reason="truncated PNG", part_reasons=reasons)
