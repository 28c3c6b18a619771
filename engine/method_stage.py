"""The stage of a run that gives the computed methods what they need, and keeps what they give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.known import METHOD_STAGE, Known
from engine.methods import COMPUTED
from engine.methods.base import MethodScore
from engine.methods.context import MethodContext
from engine.probing.base import ProbingSet
from engine.progress import Progress
from engine.store.contents import RunContents
from engine.targets.base import TargetModel


def method_stage(
    config: RunConfig,
    probing: ProbingSet,
    target: TargetModel,
    device: torch.device,
    contents: RunContents,
    known: Known,
    progress: Progress,
) -> dict[str, Sequence[MethodScore]]:
    """The scores of each computed method, by its name. Those that are not known by the key that `contents.stages` has
    for them are computed now, each kept as soon as it is; a method tells its own stages of progress."""
    scores: dict[str, Sequence[MethodScore]] = {}
    context = None
    for leaf in config.methods:
        if leaf.kind not in COMPUTED:
            continue
        key = contents.stages[METHOD_STAGE + leaf.kind]
        found = known.scores(leaf.kind, key)
        if found is None:
            context = context or _context(config, probing, target, device, contents, known, progress)
            found = leaf.module.compute(leaf.options, context)
            known.put_scores(key, found)
        else:
            progress.stage(leaf.kind, 1)
            progress.advance(1, reused=1)
        scores[leaf.kind] = found
    return scores


def _context(
    config: RunConfig,
    probing: ProbingSet,
    target: TargetModel,
    device: torch.device,
    contents: RunContents,
    known: Known,
    progress: Progress,
) -> MethodContext:
    usable: list[bool] = []
    embeddings = []
    for keys in contents.batch_keys:
        batch = known.get(keys)
        usable += [not image.reason for image in batch.images]
        embeddings.append(batch.embeddings)

    def activations(layer: str) -> NDArray[np.float32]:
        return np.concatenate([known.get(keys).activations[layer] for keys in contents.batch_keys])

    target.module.to(device).eval()
    return MethodContext(
        probing=probing,
        images=tuple(image for image, use in zip(contents.images, usable, strict=True) if use),
        target=target,
        layers=tuple(contents.layers),
        channels=config.taps.channels,
        device=device,
        mixed_precision=config.run.mixed_precision,
        batch_size=config.run.batch_size,
        activations=activations,
        image_embeddings=np.concatenate(embeddings),
        concepts=tuple(contents.concepts),
        text_embeddings=contents.text_embeddings,
        template_embedding=contents.template_embedding,
        progress=progress,
    )
