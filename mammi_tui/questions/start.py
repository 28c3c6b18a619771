"""Where a reader begins to look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    neuron: tuple[str, int] | None
    """A layer's name and a unit; None for the first living unit of the last layer"""
    alpha: float
    beta: float
    concept_set: str | None = None
    """Whose concepts compete first; None lets all of the run's"""
