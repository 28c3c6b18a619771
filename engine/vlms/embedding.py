"""Embeds a batch of prepared images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.device import Mark, check_numbers, precision, to_device, to_host
from engine.errors import MammiError, failing_as
from engine.vlms.base import VLM, check_embeddings, warn_of_another


def embed_images(
    vlm: VLM, views: Sequence[torch.Tensor], device: torch.device, mixed_precision: bool
) -> NDArray[np.float32]:
    """The embeddings [n, d] of the VLM's inputs.

    Raises MammiError when the VLM fails on them or gives anything but unit vectors of its dimension, and when the
    device has too little memory. NaN, infinity and zero pass.
    """
    try:
        embeddings = start_embedding(vlm, views, device, mixed_precision)
    except torch.OutOfMemoryError:
        raise MammiError(f"{device} has too little memory for run.batch_size = {len(views)}: lower it.") from None
    Mark(device).wait()
    return embedded(vlm, embeddings, len(views))


def start_embedding(
    vlm: VLM, views: Sequence[torch.Tensor], device: torch.device, mixed_precision: bool
) -> torch.Tensor:
    """What the VLM gives for its inputs, in the host's memory: complete once a later Mark has been waited for.

    Raises MammiError when the VLM fails on them, and torch.OutOfMemoryError.
    """
    with failing_as("vlm: the inputs of a batch cannot be stacked", torch.OutOfMemoryError):
        batch = to_device(views, device)
    what = f"vlm: the model failed on a batch of shape {list(batch.shape)}"
    with failing_as(what, torch.OutOfMemoryError), torch.inference_mode(), precision(device, mixed_precision):
        made = check_numbers(vlm.encode_images(batch), f"vlm: the model, on a batch of shape {list(batch.shape)},")
        return to_host(made.detach().float(), device)


def embedded(vlm: VLM, values: torch.Tensor, images: int) -> NDArray[np.float32]:
    """The embeddings [n, d] of that many images. Raises MammiError when they are no unit vectors of the VLM's
    dimension. Zero passes as NaN and infinity do: such an image is set aside."""
    embeddings: NDArray[np.float32] = values.numpy()
    check_embeddings(vlm, embeddings, images, zero_passes=True)
    return embeddings


def embed_again(
    vlm: VLM, view: torch.Tensor, embedding: NDArray[np.float32], device: torch.device, mixed_precision: bool
) -> None:
    """Embeds one of the VLM's inputs once more, alone. Warns where that gives another embedding [d].

    Raises MammiError as `embed_images`.
    """
    warn_of_another("image", embedding, embed_images(vlm, [view], device, mixed_precision)[0])
