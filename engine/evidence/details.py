"""The small values that evidence consists of beside its figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_GROUPS = 5
"""The most groups that a neuron's images are cut into"""
NEARBY = 0.02
"""The distance from an α that counts as near"""
MANY = 5
"""Candidates above which a neuron's best concept is told as one of many"""
ROUNDING = 1e-9
"""The difference of two α that counts as none"""


class Trust(IntEnum):
    """How far a neuron's annotation can be trusted, by the rules of engine.evidence.trust."""

    UNSUPPORTED = 0
    """Dead, no representative images, nothing annotated, or only a single image or patient"""
    WEAK = 1
    FAIR = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class LabelEnrichment:
    """How often the representative images carry one label, against chance."""

    label: str
    inside: int
    """Representative images with the label"""
    outside: int
    """Other images with the label"""
    expected: float
    """Representative images that would carry it by chance"""
    p_value: float
    q_value: float
    """Corrected over labels"""


@dataclass(frozen=True, slots=True)
class Confound:
    """The most common patient, view or label of the representative images."""

    kind: str
    """"patient", "view" or "label" """
    value: str
    share: float
    """Share of the representative images with this value"""
    base_share: float
    """Share of all images of the probing set with this value"""
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
class Candidate:
    """A concept that may be a neuron's best one (engine.evidence.candidates)."""

    concept: int
    share: float
    """Share of the draws of patients in which it is the best"""


@dataclass(frozen=True, slots=True)
class Group:
    """One of the groups that a neuron's strongest images fall into (engine.evidence.groups)."""

    images: Integers
    """Activation descending"""
    best: int
    tightness: float
    """Mean pairwise cosine"""
