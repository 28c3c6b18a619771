"""Small run files in which every table has rows, as the writer of runs writes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.store.batch import Batch
from engine.store.class_maps import packed
from engine.store.contents import Note, RunContents
from engine.store.decision_contents import DecisionContents, HeadContents
from engine.store.decision_records import OVER, Missing
from engine.store.layer_shares import CLASSES, LayerShares
from engine.store.unit_maps import LayerMaps, Strongest
from engine.store.writer import assemble
from tests.support.runs import LABELS, small_contents, with_evidence

NAMES = (*LABELS[:4], "Edema")
SIDE, KEPT = 4, 3
METHODS = {"www": {"count": 3}, "tcav": {"random": 2}}


def complete_run(folder: Path, *, images: int = 60, units: tuple[int, ...] = (6, 5), dimension: int = 16) -> Path:
    """Writes a run file `folder`/run.duckdb without an empty table. The head reads the first layer's units, scaled, so
    that its inputs are kept beside them."""
    path = folder / "run.duckdb"
    contents, batches = complete_contents(images=images, units=units, dimension=dimension)
    assemble(path, contents, batches)
    return path


def complete_contents(
    *, images: int = 60, units: tuple[int, ...] = (6, 5), dimension: int = 16, batch_size: int = 16
) -> tuple[RunContents, list[Batch]]:
    """The contents that `complete_run` writes."""
    contents, batches = small_contents(
        images=images, units=units, concepts=12, dimension=dimension, sets=2, batch_size=batch_size
    )
    contents = with_evidence(contents, units, 0, 2, 4, METHODS)
    rng = np.random.default_rng(11)
    weights, bias = rng.normal(size=(len(NAMES), units[0])).astype(np.float32), np.zeros(len(NAMES), np.float32)
    head = HeadContents(weights, bias, contents.layers[0].name, False, (SIDE, SIDE))
    missing = (Missing("importance", "It is not kept.", "keep.importance = true"),)
    films = [
        replace(image, attributes={"device": ("tube", "line")} if place % 2 else {"device": (), "age": (str(place),)})
        for place, image in enumerate(contents.images)
    ]
    activations = np.concatenate([batch.activations[contents.layers[0].name] for batch in batches])
    strongest = Strongest(KEPT)
    strongest.add(activations)
    maps = _maps(strongest.images())
    cells = rng.random((images, len(NAMES), SIDE, SIDE)).astype(np.float32)
    decided, row = [], 0
    for batch in batches:
        rows = slice(row, row + batch.usable)
        row = rows.stop
        inputs = (2 * activations[rows]).astype(np.float16).astype(np.float32)
        blobs = [each.tobytes() for each in packed(cells[rows])] if batch.usable else []
        decided.append(replace(batch, outputs=inputs @ weights.T + bias, head_inputs=inputs, class_maps=blobs))
    return (
        replace(
            contents,
            images=films,
            bare_embeddings=rng.normal(size=(12, dimension)).astype(np.float32),
            notes=[Note("target", "a warning")],
            sources={"target": "1111"},
            decisions=DecisionContents(NAMES, "sigmoid", 0.5, head, True, missing),
            unit_maps=lambda layer: maps if layer == contents.layers[0].name else None,
            layer_shares=[_shares(contents.layers[1].name, images, units[1])],
        ),
        decided,
    )


def _maps(images: np.ndarray) -> LayerMaps:
    rng = np.random.default_rng(12)
    highs = rng.random(images.shape, np.float32)
    return LayerMaps(images, -highs, highs, rng.integers(0, 256, (*images.shape, SIDE, SIDE), dtype=np.uint8))


def _shares(layer: str, images: int, units: int) -> LayerShares:
    rng = np.random.default_rng(13)
    kept = min(3, units)
    return LayerShares(
        layer,
        rng.integers(1, images, (len(OVER), len(NAMES))),
        rng.normal(size=(len(OVER), len(NAMES), units)).astype(np.float32),
        rng.integers(0, len(NAMES), (images, CLASSES)).astype(np.int32),
        rng.integers(0, units, (images, CLASSES, kept)).astype(np.int32),
        rng.normal(size=(images, CLASSES, kept)).astype(np.float32),
    )
