"""Embeds a batch of prepared images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.device import precision
from engine.errors import MammiError, failing_as
from engine.vlms.base import VLM, check_embeddings


def embed_images(
    vlm: VLM, views: Sequence[torch.Tensor], device: torch.device, mixed_precision: bool
) -> NDArray[np.float32]:
    """The embeddings [n, d] of the VLM's inputs.

    Raises MammiError when the VLM fails on them or gives anything but unit vectors of its dimension, and when the
    device has too little memory. NaN and infinity pass.
    """
    with failing_as("vlm: the inputs of a batch cannot be stacked"):
        batch = torch.stack(list(views))
    what = f"vlm: the model failed on a batch of shape {list(batch.shape)}"
    try:
        with (
            failing_as(what, torch.OutOfMemoryError),
            torch.inference_mode(),
            precision(device, mixed_precision),
        ):
            embeddings: NDArray[np.float32] = vlm.encode_images(batch.to(device)).detach().float().cpu().numpy()
    except torch.OutOfMemoryError:
        raise MammiError(f"{device} has too little memory for run.batch_size = {len(views)}: lower it.") from None
    check_embeddings(vlm, embeddings, len(views))
    return embeddings
