"""The tapped layers of a loaded target model."""

from __future__ import annotations

from torch import nn

from engine.config.settings import TapSettings
from engine.store.contents import Layer
from engine.targets.base import TargetModel
from engine.targets.taps import LOGITS, resolve_layers
from engine.targets.untrained import untrained_layers


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
    linear = [name for name, module in target.module.named_modules() if isinstance(module, nn.Linear)]
    return target.classes if layer in (LOGITS, *linear[-1:]) else ()
