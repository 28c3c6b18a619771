"""What an evaluation consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.annotation.cuts import Cuts
from engine.evaluation.truth import Criterion


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
    """Cosine of predicted concepts to class labels by encoder: the mean over a neuron's pairs, then over neurons"""


@dataclass(frozen=True, slots=True)
class NamedNeuron:
    """One unit of the final layer."""

    unit: int
    labels: tuple[str, ...]
    """The labels of its class, as `compared`"""
    best: str
    """The best concept, as `compared`; "" for none"""
    annotation: tuple[str, ...]
    """Score descending, as `compared`; () if no score is positive, though there is a best concept"""


@dataclass(frozen=True, slots=True)
class Ties:
    """Neurons of the final layer whose best score several concepts share, to six digits.

    The choice of the best among these means nothing: the last digits or the order of the concept set decide it.
    """

    neurons: int
    hit_rate: float
    """Expected hit rate when the best concept is drawn at random among those that share the score"""


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
    """The share of units whose concepts name the truth that the unit follows, over units whose truth can be named."""

    hit_rate: Figure
    chance: float
    """The same share when units exchange their concepts at random"""
    p_value: float
    """Share of such exchanges, counting the actual assignment as one, that do as well"""


@dataclass(frozen=True, slots=True)
class TruthScores:
    """How well a method's concepts name the truths that the units of one layer follow."""

    layer: str
    units: int
    """Units that follow a truth which a concept can name"""
    best: TruthHits
    annotation: TruthHits


@dataclass(frozen=True, slots=True)
class MethodEvaluation:
    """The evaluation of one method."""

    method: str
    """Its kind: the NAME of its table [methods.NAME]"""
    title: str
    by_annotation: bool
    """Whether the paper scores it by its annotation; else by its best concept"""
    among_labels: bool
    """Whether it chooses among the probing set's labels, not the concept set, which makes a hit far easier"""
    unique: tuple[UniqueConcepts, ...]
    """Counts for each layer"""
    truth: tuple[TruthScores, ...]
    """Scores for each layer in which units follow a truth and the method has concepts"""
    truth_by: Mapping[Criterion, tuple[TruthScores, ...]] = field(default_factory=dict)
    """The same when another criterion chooses among the truths that are clear for a unit, by criterion"""
    neurons: tuple[NamedNeuron, ...] = ()
    """The final layer's neurons; () if no layer has class names or the method has no concepts there"""
    annotation: LabelScores | None = None
    best: LabelScores | None = None
    """The scores of each neuron's best concept alone"""
    ties: Ties | None = None
    """Ties in the final layer; None if no best score is shared"""
    annotation_synonyms: LabelScores | None = None
    best_synonyms: LabelScores | None = None
    """Scores without cosines when a synonym counts as its label; None without synonyms"""

    @property
    def labels(self) -> LabelScores | None:
        """The scores that the paper reports for the method."""
        return self.annotation if self.by_annotation else self.best

    @property
    def synonyms(self) -> LabelScores | None:
        """The same scores when a synonym counts as its label."""
        return self.annotation_synonyms if self.by_annotation else self.best_synonyms


@dataclass(frozen=True, slots=True)
class LayerTruth:
    """What the units of one layer follow."""

    layer: str
    units: int
    clear: int
    """Units that clearly follow a recorded truth"""
    followed: Mapping[str, int]
    """Truth -> units that follow it; most first"""
    unnamed: tuple[str, ...]
    """The followed truths that no concept names"""
    changed: Mapping[Criterion, int]
    """Units for which another criterion chooses another truth, by criterion"""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of all methods over one run."""

    cuts: Cuts
    layer: str | None
    """The final layer, whose units carry class names; None for none"""
    encoders: tuple[str, ...]
    methods: tuple[MethodEvaluation, ...]
    truths: tuple[LayerTruth, ...]
    missing: tuple[str, ...]
    """What could not be evaluated and why, one short sentence each"""
