"""The sensitivity of a class's output to a layer's activations: gradients (engine.targets.gradients) over chosen
images."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import MammiError, failing_as
from engine.methods.context import MethodContext
from engine.methods.films import film_batches
from engine.store.contents import Layer
from engine.targets.gradients import GradientTaps
from engine.targets.taps import Pooling


def class_gradients(
    context: MethodContext, layers: Sequence[Layer], final: Layer, unit: int, rows: Sequence[int]
) -> dict[str, NDArray[np.float32]]:
    """Layer -> gradients [n, units] of one unit of the final layer, for the images in `rows`.

    They are computed in full precision, whatever the run's: half precision would lose the sign of a small gradient.
    """
    pooling: Pooling = layers[0].pooling  # type: ignore[assignment]
    names = [layer.name for layer in layers]
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    with (
        GradientTaps(context.target.module, names, final.name, pooling, context.channels, context.readings) as taps,
        closing(film_batches(context, rows, context.batch_size)) as batches,
    ):
        for films in batches:
            what = f"target: the gradients of a batch of shape {list(films.inputs.shape)} failed"
            try:
                with failing_as(what, torch.OutOfMemoryError):
                    found = taps.gradients(films.inputs.to(context.device), unit)
            except torch.OutOfMemoryError:
                raise MammiError(
                    f"{context.device} has too little memory for gradients of run.batch_size = {context.batch_size} "
                    "images: lower it."
                ) from None
            for name in names:
                parts[name].append(found[name].cpu().numpy())
            context.progress.advance(len(films.rows))
    return {name: np.concatenate(values) for name, values in parts.items()}
