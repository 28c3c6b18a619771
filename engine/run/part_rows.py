"""What the models gave for a batch, as the rows of the images' parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.run.loading import PreparedImage
from engine.store.class_maps import packed
from engine.store.halves import to_halves
from engine.store.parts import CLASS_MAPS, HEAD_INPUTS, OUTPUTS, ImageKeys, VectorRows
from engine.targets.output_taps import LastValues


def last_rows(given: LastValues, films: int) -> dict[str, NDArray[Any]]:
    """By the part's name what a target model's last part gave; no values for what it does not give."""
    nothing = np.empty((films, 0), np.float32)
    outputs = nothing if given.outputs is None else given.outputs.numpy()
    inputs = nothing if given.inputs is None else to_halves(given.inputs.numpy())
    maps = np.empty((films, 0), np.uint8) if given.maps is None else packed(given.maps.numpy())
    return {OUTPUTS: outputs, HEAD_INPUTS: inputs, CLASS_MAPS: maps}


def vector_rows(
    part: str,
    images: Sequence[tuple[PreparedImage, str]],
    values: NDArray[Any],
    key: Callable[[ImageKeys], str],
    fault: Callable[[NDArray[Any]], str] = lambda _: "",
) -> VectorRows:
    """One part of the images that lack it. Each image comes with the reason why its model's input cannot be made, or
    ""; `values` has a row for each image without a reason. `fault` gives the reason why a row sets its image aside, or
    "" """
    faults = [fault(row) for row in values]
    rows = zip(values, faults, strict=True)
    keys, reasons, usable = [], [], []
    for image, reason in images:
        row, own = (None, reason) if reason else next(rows)
        if part not in image.lacking:
            continue
        keys.append(key(image.keys))
        reasons.append(own)
        if row is not None and not own:
            usable.append(row)
    stacked = np.stack(usable) if usable else np.empty((0, values.shape[1]), values.dtype)
    return VectorRows(part, tuple(keys), tuple(reasons), stacked)


def not_finite(name: str) -> Callable[[NDArray[Any]], str]:
    """The fault of a row of numbers of which one is not finite."""
    return lambda row: "" if np.isfinite(row).all() else f"not a finite number: {name}"


def unit_not_finite(layer: str) -> Callable[[NDArray[Any]], str]:
    """The same for a layer's activations; it names the first neuron, unless all are at fault."""

    def fault(row: NDArray[Any]) -> str:
        finite = np.isfinite(row)
        named = f"{layer}:{int(finite.argmin())}" if finite.any() else layer
        return "" if finite.all() else f"not a finite number: {named}"

    return fault


def no_direction(row: NDArray[Any]) -> str:
    """The fault of an embedding that no cosine can be taken of."""
    if not np.isfinite(row).all():
        return "not a finite number: its embedding"
    return "" if row.any() else "its embedding is zero, which is no direction"
