"""What an evaluation consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.annotation.cuts import Cuts


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over neurons and its standard error: the population standard deviation over √n."""

    mean: float
    error: float


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Predicted concepts against class labels, over the neurons of the final layer."""

    hit_rate: Figure
    precision: Figure
    recall: Figure
    f1: Figure
    similarity: Mapping[str, Figure]
    """By encoder: cosine of predicted concepts to class labels, the mean over a neuron's pairs, then over neurons"""


@dataclass(frozen=True, slots=True)
class NamedNeuron:
    """One unit of the final layer."""

    unit: int
    labels: tuple[str, ...]
    """Of its class, as compared"""
    best: str
    """The best concept, as compared; "" where there is none"""
    annotation: tuple[str, ...]
    """Score descending, as compared; () where no score is positive, though there is a best concept"""


@dataclass(frozen=True, slots=True)
class Ties:
    """Neurons of the final layer of which several concepts share the best score, to six digits: which of them is called
    the best says nothing, as the last digits or the order of the concept set decide it."""

    neurons: int
    hit_rate: float
    """Of the best concept, expected where it is drawn at random among those that share the score"""


@dataclass(frozen=True, slots=True)
class UniqueConcepts:
    """How many different concepts a layer's units have."""

    layer: str
    annotated_units: int
    """Units with at least one concept"""
    best: int
    """Different best concepts"""
    annotated: int
    """Different concepts in all annotations"""


@dataclass(frozen=True, slots=True)
class TruthHits:
    """Of units whose known truth can be named, the share whose concepts name it."""

    hit_rate: Figure
    chance: float
    """The same share when units exchange their concepts at random"""
    p_value: float
    """Share of such exchanges (and this assignment) that do as well"""


@dataclass(frozen=True, slots=True)
class TruthScores:
    layer: str
    units: int
    """Units that follow a truth which a concept can name"""
    best: TruthHits
    annotation: TruthHits


@dataclass(frozen=True, slots=True)
class MethodEvaluation:
    """All that is said of one method."""

    method: str
    """Its key in engine.methods.KINDS"""
    title: str
    by_annotation: bool
    """Whether the paper scores it by its annotation; else by its best concept"""
    among_labels: bool
    """Whether it chooses among the probing set's labels, not the concept set: naming one of them is far easier then"""
    unique: tuple[UniqueConcepts, ...]
    """Of each layer"""
    truth: tuple[TruthScores, ...]
    """Of the layers with units that follow a truth, where the method has concepts"""
    neurons: tuple[NamedNeuron, ...] = ()
    """Of the final layer; () where no layer has class names, or the method no concepts there"""
    annotation: LabelScores | None = None
    best: LabelScores | None = None
    """The same with each neuron's best concept alone"""
    ties: Ties | None = None
    """Of the final layer; None where each best concept stands alone"""
    annotation_synonyms: LabelScores | None = None
    best_synonyms: LabelScores | None = None
    """With a label's synonyms taken for the label, without cosines; None where no synonyms were given"""

    @property
    def labels(self) -> LabelScores | None:
        """As the paper scores it."""
        return self.annotation if self.by_annotation else self.best

    @property
    def synonyms(self) -> LabelScores | None:
        return self.annotation_synonyms if self.by_annotation else self.best_synonyms


@dataclass(frozen=True, slots=True)
class LayerTruth:
    """What the units of one layer follow."""

    layer: str
    units: int
    clear: int
    """Units that clearly follow a known truth"""
    followed: Mapping[str, int]
    """Truth -> units that follow it; most first"""
    unnamed: tuple[str, ...]
    """Those among them that no concept names"""


@dataclass(frozen=True, slots=True)
class Evaluation:
    cuts: Cuts
    layer: str | None
    """The final layer: the one whose units carry class names; None where there is none"""
    encoders: tuple[str, ...]
    methods: tuple[MethodEvaluation, ...]
    truths: tuple[LayerTruth, ...]
    missing: tuple[str, ...]
    """What could not be evaluated and why; one short sentence each"""
