"""The evidence of a neuron and of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.evidence.column import Column, Value
from engine.evidence.columns import BEST, CANDIDATE_CONCEPTS, REPRESENTATIVES, TRUST
from engine.evidence.details import AlphaStep, Candidate, Confound, Floats, Group, LabelEnrichment, Trust

if TYPE_CHECKING:
    from engine.auditing.layers import LayerTraits


@dataclass(frozen=True, slots=True, eq=False)
class LayerEvidence:
    """The figures of every unit of a layer: `evidence[COLUMN]` is [units]."""

    layer: str
    cuts: Cuts
    images: int
    """Images of the probing set"""
    figures: Mapping[Column[Any], NDArray[Any]]
    traits: LayerTraits | None = None
    """The units against attributes of the films; None where these were not looked at yet"""

    def __getitem__(self, column: Column[Value]) -> NDArray[Value]:
        return self.figures[column]


@dataclass(frozen=True, slots=True, eq=False)
class NeuronEvidence:
    """All evidence of one neuron: `evidence[COLUMN]` is a figure, as the evidence of its layer has it.

    Arrays over concepts are by concept index, [m]; NaN for concepts that do not compete.
    """

    layer: str
    unit: int
    cuts: Cuts
    images: int
    """Images of the probing set"""
    why_dead: str
    """Why the unit is dead, in a few words; "" for a living one"""
    figures: Mapping[Column[Any], Any]
    """NumPy scalars, as arrays of a layer hold them"""
    sentence: str
    """How far the annotation can be trusted, in one or two plain sentences"""
    z_scores: Floats
    p_values: Floats
    """One-sided p-value of each concept alone"""
    adjusted_p_values: Floats
    """p-values that allow for the choice among all competing concepts"""
    q_values: Floats
    """`adjusted_p_values`, corrected over the layer's units of two images or more (Benjamini–Hochberg)"""
    centred_scores: Floats
    beta_entries: Floats
    """The β below which each concept is in the annotation: score over the best score; NaN where that is not positive"""
    alpha_path: tuple[AlphaStep, ...]
    """α ascending"""
    template_bests: tuple[tuple[str, int], ...]
    """Each other template with the best concept under it; −1 for none"""
    base_tightness: float
    """Mean pairwise cosine of the whole probing set"""
    groups: tuple[Group, ...]
    """Two to five, or () where one word will do"""
    enrichments: tuple[LabelEnrichment, ...]
    """p ascending"""
    confounds: tuple[Confound, ...]
    follows: str | None = None
    """The attribute that it follows more than its finding, as a phrase; "" for none, None where attributes were not
    looked at yet"""
    attributes: bool = False
    """Whether the run records attributes of its films"""

    def __getitem__(self, column: Column[Value]) -> Value:
        figure: Value = self.figures[column]
        return figure

    @property
    def trust(self) -> Trust:
        return Trust(int(self[TRUST]))

    @property
    def count(self) -> int:
        """The number of representative images."""
        return int(self[REPRESENTATIVES])

    @property
    def best(self) -> int:
        """The index of the best concept; −1 for none."""
        return int(self[BEST])

    @property
    def candidate_concepts(self) -> tuple[Candidate, ...]:
        """The concepts that may be the best one, by score."""
        found: tuple[Candidate, ...] = self.figures[CANDIDATE_CONCEPTS]
        return found
