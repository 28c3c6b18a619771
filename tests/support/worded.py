"""A run whose units follow what a VLM sees of words, so that it is known what their faithfulness is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.probing.base import Image
from engine.store.contents import Layer
from engine.store.writer import assemble
from tests.support.runs import small_contents

IMAGES, WORDS = 200, ("Mass", "effusion", "nodule", "lung")


def worded_run(path: Path, *, noise: float = 0.0, vlm: str = "a synthetic VLM", shown: int = IMAGES) -> Path:
    """Writes a run of one layer, whose unit u is an image's score of word u; unit 4 is noise.

    The label Mass is on the third of images with the highest score of its word. `noise` changes the embeddings in the
    file, as another VLM has others, but not the activations. Only `shown` images are in the run.
    """
    contents, batches = small_contents(images=IMAGES, units=(5,), concepts=4, batch_size=IMAGES + 2)
    rng = np.random.default_rng(5)
    texts, template = unit(contents.text_embeddings[:4].copy()), unit(contents.template_embedding[None])[0]
    texts[3] = unit(rng.normal(size=(1, 16)))[0]
    images = unit(batches[0].embeddings)
    scores = images @ (texts - template).T
    mass = scores[:, 0] >= np.quantile(scores[:, 0], 2 / 3)
    probed = list(contents.images)
    usable = [place for place, film in enumerate(batches[0].images) if not film.reason]
    for row, place in enumerate(usable):
        probed[place] = Image(path=probed[place].path, labels=("Mass",) if mass[row] else ())
    activations = np.column_stack([scores, rng.normal(size=IMAGES)]).astype(np.float32)
    seen = unit(images + noise * rng.normal(size=images.shape)).astype(np.float32)
    last = [*usable, len(probed)][shown] if shown < IMAGES else len(probed)
    batch = replace(
        batches[0],
        images=batches[0].images[:last],
        embeddings=seen[:shown],
        activations={"hidden": activations[:shown]},
    )
    contents = replace(
        contents,
        images=probed[:last],
        image_keys=contents.image_keys[:last],
        layers=[Layer("hidden", "mean", ())],
        parts=None,
        concepts=list(WORDS),
        text_embeddings=texts.astype(np.float32),
        template_embedding=template.astype(np.float32),
        vlm=vlm,
    )
    assemble(path, contents, [batch])
    return path


def unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths)
