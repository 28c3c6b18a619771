"""How far a neuron's annotation can be trusted: a grade by a few rules, and a sentence that gives the reasons.

Each rule caps the grade of the neurons that it holds for. A neuron that no rule holds for is STRONG. A rule whose
figure is missing (NaN: the run has no other templates, say) does not hold; only the significance is required.

UNSUPPORTED: there is nothing to trust
    no representative images (dead, or no image above τ); an empty annotation; a single image; a single patient
WEAK: the annotation may well be chance, or follow one patient
    the best concept does no better than in random image sets (q ≥ 0.05); only two images; half of the images or more
    come from one patient; the best concept alone is annotated, and another is the best in more than half of the
    bootstrap's draws of patients
FAIR: significant, but not settled
    fewer than five patients (images, where patients are not recorded); more than half of the probing set lies above τ;
    another concept is the best in more than 1 of 10 draws of patients, or within 0.02 of α; its strongest images fall
    into several groups with words of their own; both halves of the patients have the same best concept in fewer than
    half of the splits; fewer than half of the other templates have the same best concept; 0.01 ≤ q < 0.05

The rules look at whether the best concept is stable and more than chance. They cannot say whether it is *right*. So
the sentence ends with what stands out among the images: the labels that half of them or more carry, how far down the
ranking the concept with such a label's name stands, a view that most of them have, and an attribute of the films that
the neuron follows more than its finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.evidence import wording
from engine.evidence.answers import LayerEvidence, NeuronEvidence
from engine.evidence.column import Column
from engine.evidence.columns import (
    ALPHA_HIGH,
    ALPHA_INTERVAL,
    ALPHA_LOW,
    ANNOTATED,
    CHANGE_CHANCE,
    HALF_AGREEMENT,
    PATIENTS,
    Q_VALUE,
    REPRESENTATIVES,
    TEMPLATE_AGREEMENT,
)
from engine.evidence.details import NEARBY, ROUNDING, Bools, Trust
from engine.evidence.image_columns import GROUP_COUNT, PATIENT_SHARE

SIGNIFICANT, HIGHLY_SIGNIFICANT = 0.05, 0.01
FEW = 5
"""Patients below which a neuron is at most FAIR"""
OFTEN, SELDOM = 0.5, 0.1
"""Shares of the draws of patients in which another concept is the best"""
_REASONS = 2
"""Reasons that a sentence gives"""
_NO_IMAGE_ABOVE = 0.99
"""The last α of the grid (engine.evidence.alpha_path) at which images lie above τ: beyond it no concept can stay"""

Graded = LayerEvidence | NeuronEvidence
Held = Bools | np.bool_
"""[units] for a layer, one value for a neuron"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason against a neuron's annotation."""

    cap: Trust
    """The highest grade of a neuron that it holds for"""
    column: Column[Any]
    """The figure that it is about"""
    holds: Callable[[Graded], Held]
    says: Callable[[NeuronEvidence, Sequence[str]], str]
    """The reason in words, for a neuron that it holds for; also takes the run's concepts"""
    finding: str
    """The same in a few words, at most 27 characters: what the figure's line says"""


def grade(evidence: Graded) -> NDArray[np.int8]:
    """The Trust of each unit of a layer, [units], or of a neuron, []."""
    grades = np.full(np.shape(evidence[REPRESENTATIVES]), Trust.STRONG, dtype=np.int8)
    for rule in RULES:
        held = rule.holds(evidence)
        grades[held] = np.minimum(grades[held], rule.cap)
    return grades


def sentence(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    """How far a neuron's annotation can be trusted, the strongest reason against it first.

    Plain text; names stand as they are in the run.
    """
    rules = [rule for rule in RULES if rule.holds(evidence)]
    trust = Trust(int(grade(evidence)))
    if trust is Trust.UNSUPPORTED:
        return f"Do not trust: {rules[0].says(evidence, concepts)}."
    reasons = "; ".join(rule.says(evidence, concepts) for rule in rules[:_REASONS])
    significant = evidence[Q_VALUE] < SIGNIFICANT
    support = wording.support(
        evidence,
        concepts,
        significant=bool(evidence[Q_VALUE] < HIGHLY_SIGNIFICANT),
        seldom=bool(significant and evidence[CHANGE_CHANCE] <= SELDOM),
        settled=bool(significant and not (_below(evidence) | _above(evidence))),
    )
    said = (support, wording.labels(evidence, concepts), wording.view(evidence), wording.follows(evidence))
    remarks = "; ".join(filter(None, said))
    if trust is Trust.STRONG:
        return f"Well supported: {remarks}."
    head = f"{'Weak' if trust is Trust.WEAK else 'Fair'}: {reasons}."
    return f"{head} {remarks[0].upper()}{remarks[1:]}." if remarks else head


def _one_patient(of: Graded) -> Held:
    """Half of the images or more come from one patient."""
    return (of[PATIENT_SHARE] >= 0.5) & (of[REPRESENTATIVES] > 2)


def _few(of: Graded) -> Held:
    return (of[PATIENTS] < FEW) & (of[REPRESENTATIVES] > 2) & ~_one_patient(of)


def _unstable_and_alone(of: Graded) -> Held:
    """In many draws another concept is the best, and the annotation is the best concept alone."""
    held: Held = (of[CHANGE_CHANCE] > OFTEN) & (of[ANNOTATED] == 1)
    return held


def _unstable(of: Graded) -> Held:
    return (of[CHANGE_CHANCE] > SELDOM) & ~_unstable_and_alone(of)


def _below(of: Graded) -> Held:
    """Another concept is the best a little below α."""
    return of[ALPHA_LOW] > max(of.cuts.alpha - NEARBY, 0) + ROUNDING


def _above(of: Graded) -> Held:
    """Another concept is the best a little above α."""
    return of[ALPHA_HIGH] < min(of.cuts.alpha + NEARBY, _NO_IMAGE_ABOVE) - ROUNDING


def _hardly(of: Graded) -> Held:
    return (of[Q_VALUE] >= HIGHLY_SIGNIFICANT) & (of[Q_VALUE] < SIGNIFICANT)


RULES = (
    Rule(
        Trust.UNSUPPORTED, REPRESENTATIVES, lambda of: of[REPRESENTATIVES] == 0, wording.no_images, "No image above τ"
    ),
    Rule(
        Trust.UNSUPPORTED, ANNOTATED, lambda of: of[ANNOTATED] == 0, wording.no_annotation, "No concept above the β cut"
    ),
    Rule(Trust.UNSUPPORTED, REPRESENTATIVES, lambda of: of[REPRESENTATIVES] == 1, wording.one_image, "A single image"),
    Rule(
        Trust.UNSUPPORTED, PATIENT_SHARE, lambda of: of[PATIENTS] == 1, wording.all_of_one_patient, "All of one patient"
    ),
    Rule(Trust.WEAK, Q_VALUE, lambda of: ~(of[Q_VALUE] < SIGNIFICANT), wording.chance, "No better than random"),
    Rule(Trust.WEAK, REPRESENTATIVES, lambda of: of[REPRESENTATIVES] == 2, wording.two_images, "Only two images"),
    Rule(Trust.WEAK, PATIENT_SHARE, _one_patient, wording.one_patient, "One patient prevails"),
    Rule(Trust.WEAK, CHANGE_CHANCE, _unstable_and_alone, wording.changes, "Another first in most draws"),
    Rule(Trust.FAIR, REPRESENTATIVES, _few, wording.few, "Few patients"),
    Rule(
        Trust.FAIR,
        REPRESENTATIVES,
        lambda of: of[REPRESENTATIVES] * 2 > of.images,
        wording.most_images,
        "Most of all images",
    ),
    Rule(Trust.FAIR, CHANGE_CHANCE, _unstable, wording.changes, "Another first in many draws"),
    Rule(Trust.FAIR, ALPHA_INTERVAL, _below, wording.changes_below, "Changes just below α"),
    Rule(Trust.FAIR, ALPHA_INTERVAL, _above, wording.changes_above, "Changes just above α"),
    Rule(Trust.FAIR, GROUP_COUNT, lambda of: of[GROUP_COUNT] > 1, wording.groups, "Images fall apart"),
    Rule(Trust.FAIR, HALF_AGREEMENT, lambda of: of[HALF_AGREEMENT] < 0.5, wording.halves, "Halves seldom agree"),
    Rule(
        Trust.FAIR,
        TEMPLATE_AGREEMENT,
        lambda of: of[TEMPLATE_AGREEMENT] < 0.5,
        wording.templates,
        "Few other templates agree",
    ),
    Rule(Trust.FAIR, Q_VALUE, _hardly, wording.hardly, "Barely beats random sets"),
)
"""By cap, and within one cap the more informative first. A sentence gives its reasons in this order."""
