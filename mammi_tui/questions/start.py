"""The neuron, the cuts and the filter at which the explorer opens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.errors import ConfigError
from engine.names import NamedLayer, parse_neuron
from mammi_tui.state.record import RunState


@dataclass(frozen=True, slots=True)
class Start:
    neuron: tuple[str, int] | None
    """A layer's name and a unit; None for the first living unit of the last layer"""
    cuts: Cuts
    query: str = ""
    """A filter that was asked for; "" for the one that the state keeps"""
    order: str = ""
    """The name of an order that was asked for; "" for the one that the state keeps"""
    named: bool = False
    """Whether the neuron was asked for: then no filter that the state keeps may hide it"""
    compared: str = ""
    """The path of another run that the open one is compared with at once; "" for none"""


def kept_neuron(state: RunState, layers: Sequence[NamedLayer]) -> tuple[str, int] | None:
    """The neuron that the reader was at; None if there is none, or if the run lacks it."""
    with suppress(ConfigError):
        return parse_neuron(state.neuron, layers) if state.neuron else None
    return None
