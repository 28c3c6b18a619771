"""α, β and the competing concepts: with the neuron, all that an annotation depends on."""

from __future__ import annotations

from dataclasses import dataclass

from engine.annotation.selection import check_cut


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the representative images and the annotation are cut. Raises ValueError for an α or β outside [0, 1]."""

    alpha: float
    """Images above τ = max − (1 − α)·(max − min) are representative (Eq. 1)"""
    beta: float
    """Concepts scoring above β · the best score are the annotation"""
    concept_set: str | None = None
    """The concept set whose concepts compete; None lets all concepts of the run compete"""

    def __post_init__(self) -> None:
        check_cut("alpha", self.alpha)
        check_cut("beta", self.beta)
