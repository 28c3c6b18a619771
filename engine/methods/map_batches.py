"""The activation maps (engine.targets.maps) of a run's layers over chosen images, a few images at a time."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.device import precision
from engine.errors import ConfigError, MammiError, failing_as
from engine.methods.context import MethodContext
from engine.methods.films import film_batches
from engine.targets.films import FilmBatch
from engine.targets.maps import MapTaps

VALUES_AT_ONCE = 1 << 26
"""Map values of all layers that are held at once (256 MiB); they limit the images in a batch"""


@dataclass(frozen=True, slots=True, eq=False)
class MapBatch:
    """The maps of some layers over some films."""

    films: FilmBatch
    maps: Mapping[str, Tensor]
    """Layer -> float32 [n, units, h, w], on the run's device"""


def need_maps(name: str, context: MethodContext) -> dict[str, tuple[int, int, int]]:
    """As layers_with_maps. Notes the layers without maps; raises ConfigError if no layer has maps. `name` is the
    method's, for messages."""
    layers = layers_with_maps(context)
    if missing := [layer.name for layer in context.layers if layer.name not in layers]:
        if not layers:
            raise ConfigError(f"methods.{name}: none of target.layers has activation maps ({', '.join(missing)}).")
        context.progress.note(f"{name}: no scores for layers without activation maps: {', '.join(missing)}")
    return layers


def layers_with_maps(context: MethodContext) -> dict[str, tuple[int, int, int]]:
    """Units, height and width of the maps of each tapped layer that has maps, from the first image."""
    films = next(film_batches(context, [0], 1))
    names = [layer.name for layer in context.layers]
    with MapTaps(context.target.module, names, context.channels, context.readings) as taps:
        maps = _forward(context, taps, films)
    return {layer: (values.shape[1], values.shape[2], values.shape[3]) for layer, values in maps.items()}


def map_batches(
    context: MethodContext, layers: Mapping[str, tuple[int, int, int]], rows: Sequence[int], bias: bool = True
) -> Generator[MapBatch, None, None]:
    """The maps of the layers (from layers_with_maps) over the images, a few images at a time. `bias` is as in
    MapTaps."""
    values = sum(units * height * width for units, height, width in layers.values())
    size = max(1, min(context.batch_size, VALUES_AT_ONCE // values))
    with (
        MapTaps(context.target.module, list(layers), context.channels, context.readings, bias) as taps,
        closing(film_batches(context, rows, size)) as batches,
    ):
        for films in batches:
            maps = _forward(context, taps, films)
            for layer, shape in layers.items():
                if layer not in maps or tuple(maps[layer].shape[1:]) != shape:
                    raise MammiError(f"target.layers: the maps of {layer!r} do not have the same size for all images.")
            yield MapBatch(films, maps)


def _forward(context: MethodContext, taps: MapTaps, films: FilmBatch) -> dict[str, Tensor]:
    what = f"target: the model failed on a batch of shape {list(films.inputs.shape)}"
    try:
        with (
            torch.inference_mode(),
            precision(context.device, context.mixed_precision),
            failing_as(what, torch.OutOfMemoryError),
        ):
            return taps.forward(films.inputs.to(context.device))
    except torch.OutOfMemoryError:
        raise MammiError(f"{context.device} has too little memory for {len(films.rows)} images' maps.") from None
