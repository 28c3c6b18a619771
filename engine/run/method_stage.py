"""The stage of a run that gives the computed methods what they need, and keeps what they give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.methods import COMPUTED
from engine.methods.context import MethodContext
from engine.progress import Progress
from engine.run.known import METHOD_STAGE, Known
from engine.run.parts import RunParts
from engine.run.stages import need_images
from engine.store.contents import RunContents
from engine.store.records import MethodScore


def method_stage(
    config: RunConfig, parts: RunParts, contents: RunContents, known: Known, progress: Progress
) -> dict[str, Sequence[MethodScore]]:
    """The scores of each computed method, by its name. Those that are not known by the key that `contents.stages` has
    for them are computed now, each kept as soon as it is; a method tells its own stages of progress.

    Raises MammiError when no image is usable, and what the methods raise.
    """
    scores: dict[str, Sequence[MethodScore]] = {}
    context = None
    for leaf in config.methods:
        if leaf.kind not in COMPUTED:
            continue
        key = contents.stages[METHOD_STAGE + leaf.kind]
        found = known.scores(leaf.kind, key)
        if found is None:
            context = context or _context(config, parts, contents, known, progress)
            found = leaf.module.compute(leaf.options, context)
            known.put_scores(key, found)
        else:
            progress.stage(leaf.kind, 1)
            progress.advance(1, reused=1)
        scores[leaf.kind] = found
    return scores


def _context(
    config: RunConfig, parts: RunParts, contents: RunContents, known: Known, progress: Progress
) -> MethodContext:
    need_images(contents, known)
    usable: list[bool] = []
    embeddings = []
    for keys in contents.batch_keys:
        batch = known.get(keys)
        usable += [not image.reason for image in batch.images]
        embeddings.append(batch.embeddings)

    def activations(layer: str) -> NDArray[np.float32]:
        return np.concatenate([known.get(keys).activations[layer] for keys in contents.batch_keys])

    parts.target.module.to(parts.device).eval()
    return MethodContext(
        probing=parts.probing,
        images=tuple(image for image, use in zip(contents.images, usable, strict=True) if use),
        target=parts.target,
        layers=parts.layers,
        channels=config.taps.channels,
        device=parts.device,
        mixed_precision=config.run.mixed_precision,
        batch_size=config.run.batch_size,
        activations=activations,
        image_embeddings=np.concatenate(embeddings),
        concepts=parts.concepts,
        text_embeddings=contents.text_embeddings,
        template_embedding=contents.template_embedding,
        progress=progress,
    )
