"""The tapped layers of a loaded target model, and how to read them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.config.settings import RunConfig, TapSettings
from engine.device import precision
from engine.errors import UnreadableImage
from engine.probing.base import ProbingSet
from engine.probing.decoding import decode
from engine.store.contents import Layer
from engine.targets.base import LOGITS, TargetModel
from engine.targets.head import LastPart, last_part
from engine.targets.outputs import Reading
from engine.targets.probe import examine, inputs, noise
from engine.targets.taps import resolve_layers
from engine.targets.untrained import untrained_layers

_TRIED = 20
"""Films that are tried until one can be read"""


def tapped_layers(target: TargetModel, taps: TapSettings) -> tuple[Layer, ...]:
    """The layers that the configuration's patterns name. Raises ConfigError for a pattern that names none."""
    names = resolve_layers(target.module, taps.layers)
    untrained = untrained_layers(target, names)
    return tuple(
        Layer(name, taps.pooling, () if name in untrained else _unit_names(target, name), untrained.get(name, ""))
        for name in names
    )


def _unit_names(target: TargetModel, layer: str) -> tuple[str, ...]:
    """The class names if the units of the layer are the classes, else ()."""
    linear = [(name, child) for name, child in target.module.named_modules() if isinstance(child, nn.Linear)]
    last = [name for name, child in linear[-1:] if child.out_features == len(target.classes)]
    return target.classes if layer in (LOGITS, *last) else ()


def read_layers(
    config: RunConfig, target: TargetModel, layers: tuple[Layer, ...], probing: ProbingSet, device: torch.device
) -> dict[str, Reading]:
    """How to read each layer, found by passing the first film that can be read through the target model.

    Moves the model to the device and puts it in evaluation mode. Raises MammiError as engine.targets.probe.examine.
    """
    target.module.to(device).eval()
    return examine(
        target,
        [layer.name for layer in layers],
        _first_inputs(target, probing).to(device),
        pooling=config.taps.pooling,
        channels=config.taps.channels,
        output=config.taps.output,
        precision=precision(device, config.run.mixed_precision),
    )


def read_last_part(
    config: RunConfig,
    target: TargetModel,
    layers: tuple[Layer, ...],
    readings: Mapping[str, Reading],
    probing: ProbingSet,
    device: torch.device,
) -> LastPart:
    """How the model comes to its outputs, found by passing the first film that can be read.

    Moves the model to the device and puts it in evaluation mode. Raises MammiError as engine.targets.head.last_part.
    """
    target.module.to(device).eval()
    taps = config.taps
    return last_part(
        *(target, [layer.name for layer in layers], _first_inputs(target, probing).to(device)),
        pooling=taps.pooling,
        channels=taps.channels,
        readings=readings,
        output=taps.output,
        told=taps.probabilities,
    )


def _first_inputs(target: TargetModel, probing: ProbingSet) -> Tensor:
    for image in probing.images[:_TRIED]:
        try:
            return inputs(target, decode(probing.read(image)), image.path)
        except UnreadableImage:
            continue  # the run sets it aside with its reason
    return inputs(target, noise(), "a film of noise")
