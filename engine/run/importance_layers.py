"""Which layers' importance a run computes by gradients."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import ConfigError
from engine.likeness import closest
from engine.store.contents import Layer
from engine.targets.base import LOGITS


def named_layers(names: Sequence[str], layers: Sequence[Layer]) -> tuple[str, ...]:
    """The layers that [keep] importance names. Raises ConfigError for one that is not tapped, or gives the outputs."""
    hidden = hidden_layers(layers)
    for name in names:
        if name in hidden:
            continue
        if name in [layer.name for layer in layers]:
            raise ConfigError(f'keep.importance: "{name}" gives the outputs themselves. Name a layer before it.')
        close = closest(name, hidden, n=1)
        hint = f'Did you mean "{close[0]}"?' if close else f"The run's layers: {', '.join(hidden) or 'none before it'}."
        raise ConfigError(f'keep.importance: "{name}" is none of target.layers. {hint}')
    return tuple(dict.fromkeys(names))


def hidden_layers(layers: Sequence[Layer]) -> list[str]:
    """The layers that do not give the outputs."""
    return [layer.name for layer in layers if layer.name != LOGITS and not layer.unit_names]
