"""What the evidence of a neuron and of a layer consists of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts

Floats = NDArray[np.float64]


class Trust(IntEnum):
    """How far a neuron's annotation can be trusted, by the rules of engine.evidence.trust."""

    UNSUPPORTED = 0
    """Dead, no representative images, nothing annotated, or one image or patient alone"""
    WEAK = 1
    FAIR = 2
    STRONG = 3


@dataclass(frozen=True, slots=True, eq=False)
class LayerEvidence:
    """Of every unit of a layer. NaN stands where a unit has no such figure."""

    layer: str
    cuts: Cuts
    trust: NDArray[np.int8]
    """[units] Trust"""
    p_values: Floats
    """[units] chance that the best of all competing concepts does as well in a random image set of the same size"""
    q_values: Floats
    """[units] the same, corrected over the layer's units of two images or more (Benjamini–Hochberg); 1 for one image"""
    z_scores: Floats
    """[units] of the best concept"""
    centred_best: NDArray[np.int64]
    """[units] the concept with the highest centred score; −1 where there is none"""
    margins: Floats
    """[units] score of the first concept minus that of the second"""
    change_chances: Floats
    """[units] chance, over patients drawn anew, that another concept is best"""
    alpha_lows: Floats
    alpha_highs: Floats
    """[units] the interval of α over which the best concept stays"""
    half_agreements: Floats
    """[units] share of splits of the patients into halves in which both halves have the same best concept"""
    template_agreements: Floats
    """[units] share of the other templates with the same best concept"""
    tightness: Floats
    """[units] mean pairwise cosine of the representative images"""
    two_groups: NDArray[np.bool_]
    """[units] whether they fall in two groups with different best concepts"""
    labels: tuple[str, ...]
    """[units] the label most enriched among the representative images; "" where none is"""
    label_q_values: Floats
    """[units] of its enrichment, corrected over labels"""
    patient_shares: Floats
    view_shares: Floats
    label_shares: Floats
    """[units] share of the representative images that are of one patient, one view, one label: the most common"""


@dataclass(frozen=True, slots=True)
class LabelEnrichment:
    label: str
    inside: int
    """Representative images that carry it"""
    outside: int
    """Other images that do"""
    expected: float
    """Representative images that would carry it by chance"""
    p_value: float
    q_value: float
    """Corrected over labels"""


@dataclass(frozen=True, slots=True)
class Confound:
    """What the most common value of a kind is among the representative images."""

    kind: str
    """"patient", "view" or "label" """
    value: str
    share: float
    """Of all representative images, those with it"""
    base_share: float
    """Of all images of the probing set, those with it"""
    p_value: float
    """Chance of that share or a greater one in a random image set"""


@dataclass(frozen=True, slots=True)
class AlphaStep:
    """One stretch of α in which the best concept is the same."""

    low: float
    high: float
    best: int
    """Concept index; −1 where no image lies above τ"""
    count: int
    """Representative images at `low`"""


@dataclass(frozen=True, slots=True)
class Group:
    """One of two groups that the representative images fall in."""

    images: NDArray[np.int64]
    best: int
    tightness: float


@dataclass(frozen=True, slots=True, eq=False)
class NeuronEvidence:
    """Of one neuron, whole. Arrays over concepts are by concept index, [m]; NaN for concepts that do not compete."""

    layer: str
    unit: int
    cuts: Cuts
    trust: Trust
    sentence: str
    """How far its words can be trusted, in one or two plain sentences"""
    images: int
    """Of the probing set"""
    count: int
    """Representative images"""
    patients: int
    """Different patients among them; `count` where patients are not known"""
    best: int
    """−1 where there is none"""
    second: int
    dead: bool
    """Whether its activation is the same on every image"""
    z_scores: Floats
    p_values: Floats
    """Of each concept alone, one-sided"""
    adjusted_p_values: Floats
    """For the choice among all competing concepts"""
    q_values: Floats
    """`adjusted_p_values`, corrected over the layer's units of two images or more (Benjamini–Hochberg)"""
    centred_scores: Floats
    margin: float
    margin_interval: tuple[float, float]
    """2.5 % and 97.5 % over patients drawn anew"""
    change_chance: float
    rival: int
    """The concept that is then the best most often; −1 where none is"""
    alpha_path: tuple[AlphaStep, ...]
    """α ascending"""
    alpha_low: float
    alpha_high: float
    beta_entries: Floats
    """The β below which each concept is in the annotation: score over the best score; NaN when that is not positive"""
    half_agreement: float
    half_correlation: float
    """Mean over splits of the correlation between the halves' centred scores"""
    template_bests: tuple[tuple[str, int], ...]
    """Each other template with the best concept under it"""
    template_agreement: float
    tightness: float
    base_tightness: float
    """Of the whole probing set"""
    groups: tuple[Group, ...]
    """() or two"""
    enrichments: tuple[LabelEnrichment, ...]
    """p ascending"""
    confounds: tuple[Confound, ...]
