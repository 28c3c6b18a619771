"""Run files whose neurons respond to nothing: activations that are pure noise over given embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.probing.base import Image
from engine.store import thumbnails
from engine.store.batch import Batch, ProbedImage
from engine.store.contents import ConceptSet, Layer, RunContents
from engine.store.writer import assemble


def noise_run(
    path: Path, embeddings: np.ndarray, texts: np.ndarray, template: np.ndarray, units: int, seed: int = 0
) -> Path:
    """Writes a run with layers "gaussian", "relu" and "uniform" of `units` units each, independent of the images.

    Every image has its own patient.
    """
    count = len(embeddings)
    normal = np.random.default_rng(seed).normal(size=(count, 2 * units)).astype(np.float32)
    uniform = np.random.default_rng(seed + 1).random((count, units), dtype=np.float32)
    activations = {"gaussian": normal[:, :units], "relu": np.maximum(normal[:, units:] - 0.5, 0), "uniform": uniform}
    film = ProbedImage(1, "0" * 64, 8, 8, thumbnails.encode(np.zeros((8, 8), dtype=np.uint8)))
    contents = RunContents(
        images=[Image(f"{index}.png", str(index)) for index in range(count)],
        layers=[Layer(name, "mean") for name in activations],
        concepts=[f"concept {index}" for index in range(len(texts))],
        concept_sets=[ConceptSet("all", "word_list", tuple(range(len(texts))))],
        text_embeddings=texts,
        template="template",
        template_embedding=template,
        alpha=0.93,
        beta=0.95,
        target="noise",
        vlm="a VLM",
    )
    batches = [
        Batch((film,) * len(part), part, {name: values[start : start + 500] for name, values in activations.items()})
        for start in range(0, count, 500)
        for part in [embeddings[start : start + 500]]
    ]
    assemble(path, contents, batches)
    return path
