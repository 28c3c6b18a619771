"""The neuron and the cuts at which the explorer opens."""

from __future__ import annotations

from dataclasses import dataclass

from engine.annotation.cuts import Cuts


@dataclass(frozen=True, slots=True)
class Start:
    neuron: tuple[str, int] | None
    """A layer's name and a unit; None for the first living unit of the last layer"""
    cuts: Cuts
