"""Passes films through the target model, and back: the shares that the units of hidden layers have in the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import torch

from engine.errors import MammiError, NoGradients, failing_as
from engine.run.films import UnchangedFilms
from engine.run.stage import Run
from engine.store.batch import Floats
from engine.targets.base import LOGITS
from engine.targets.films import film_batches
from engine.targets.gradients import GradientTaps


def layer_shares(run: Run, layers: Sequence[str], rows: Sequence[int]) -> Iterator[dict[str, Floats]]:
    """Batch by batch, of these usable images: layer -> shares [n, classes, units] (engine.targets.gradients).

    They are computed in full precision, whatever the run's: half precision would lose the sign of a small gradient.
    Raises MammiError when the model fails, has no gradients or the device has too little memory.
    """
    inputs, taps, size = run.inputs, run.config.taps, run.config.run.batch_size
    readings, last = dict(inputs.readings), inputs.last_part
    final = LOGITS if last.head is None else last.head.module or LOGITS
    if last.own is not None:
        readings[LOGITS] = last.own
    module, device = inputs.target.module, inputs.device
    usable = [image for image, use in zip(run.films.images, run.usable(), strict=True) if use]
    films = film_batches(inputs.target, UnchangedFilms(run.films, inputs.probing), usable, rows, size)
    with (
        GradientTaps(module, layers, final, taps.pooling, taps.channels, readings, "keep.importance") as gradients,
        closing(films) as batches,
    ):
        for batch in batches:
            what = f"target: the gradients of a batch of shape {list(batch.inputs.shape)} failed"
            try:
                with failing_as(what, torch.OutOfMemoryError):
                    _, shares = gradients.shares(batch.inputs.to(device))
            except torch.OutOfMemoryError:
                raise MammiError(
                    f"{device} has too little memory for gradients of run.batch_size = {size} images: lower it."
                ) from None
            except MammiError as error:
                raise NoGradients(str(error)) from error
            yield {layer: values.cpu().numpy() for layer, values in shares.items()}
