"""How far a neuron's words can be trusted: a grade by few rules, and a sentence that gives the reasons.

Each rule caps the grade where it holds; a neuron under no rule is STRONG. Rules without a figure (NaN: not known, such
as other templates in a run that has none) do not hold, but for the significance, which must be known.

UNSUPPORTED: there is nothing to trust
    no representative images (dead, or no image above τ); an empty annotation; one image alone; one patient alone
WEAK: an annotation that may well be chance, or of the patient
    the best concept does no better than in random image sets: q ≥ 0.05; two images alone; half of the images or more
    are known to be of one patient; the best concept is alone in the annotation, and in more than half of the draws of
    patients (bootstrap) another is the best
FAIR: significant, but not settled
    fewer than five patients (images, where patients are not known); more than half of the probing set lies above τ; in
    more than 1 of 10 draws of patients another concept is the best, as it is 0.02 below α or above it; the images fall
    in two groups with different best concepts; both halves of the patients have the same best concept in fewer than
    half of the splits; fewer than half of the other templates have the same best concept; 0.01 ≤ q < 0.05

The rules look at whether the best concept is stable and more than chance. Whether it is *right* they cannot tell. So
the sentence ends with what stands out among the images: labels that half of them or more carry, and where the concept
of such a name stands if it is far behind; and a view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.evidence import wording
from engine.evidence.alpha_path import NEARBY, ROUNDING
from engine.evidence.answers import Floats, NeuronEvidence, Trust

SIGNIFICANT, HIGHLY_SIGNIFICANT = 0.05, 0.01
FEW = 5
"""Patients: fewer are told"""
OFTEN, SELDOM = 0.5, 0.1
"""Another concept is the best in more of the draws of patients"""
_REASONS_TOLD = 2
_NO_IMAGE_ABOVE = 0.99
"""The last α of the grid (engine.evidence.alpha_path) at which images lie above τ: beyond it no concept can stay"""

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What the rules look at, [units] each; NaN for what is not known."""

    alpha: float
    images: int
    """Of the probing set"""
    counts: Integers
    """Representative images"""
    annotated: Integers
    """Concepts in the annotation"""
    patients: Integers
    """Different patients among the images; `counts` where patients are not known"""
    q_values: Floats
    change_chances: Floats
    alpha_lows: Floats
    alpha_highs: Floats
    half_agreements: Floats
    template_agreements: Floats
    two_groups: Bools
    patient_shares: Floats

    @classmethod
    def of(cls, evidence: NeuronEvidence) -> Self:
        """Those of one neuron, [1] each."""
        share = max((found.share for found in evidence.confounds if found.kind == "patient"), default=np.nan)
        return cls(
            alpha=evidence.cuts.alpha,
            images=evidence.images,
            counts=np.array([evidence.count]),
            annotated=np.array([np.count_nonzero(evidence.beta_entries > evidence.cuts.beta)]),
            patients=np.array([evidence.patients]),
            q_values=np.array([evidence.q_values[evidence.best] if evidence.best >= 0 else np.nan]),
            change_chances=np.array([evidence.change_chance]),
            alpha_lows=np.array([evidence.alpha_low]),
            alpha_highs=np.array([evidence.alpha_high]),
            half_agreements=np.array([evidence.half_agreement]),
            template_agreements=np.array([evidence.template_agreement]),
            two_groups=np.array([len(evidence.groups) == 2]),
            patient_shares=np.array([share]),
        )


def grade(figures: Figures) -> NDArray[np.int8]:
    """The Trust of each unit, [units]."""
    grades = np.full(len(figures.counts), Trust.STRONG, dtype=np.int8)
    for rule in RULES:
        held = rule.holds(figures)
        grades[held] = np.minimum(grades[held], rule.cap)
    return grades


def sentence(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    """How far a neuron's words can be trusted, the strongest reason against first; plain text, names as they are."""
    figures = Figures.of(evidence)
    rules = [rule for rule in RULES if rule.holds(figures)[0]]
    trust = Trust(int(grade(figures)[0]))
    if trust is Trust.UNSUPPORTED:
        return f"Do not trust: {rules[0].says(evidence, concepts)}."
    reasons = "; ".join(rule.says(evidence, concepts) for rule in rules[:_REASONS_TOLD])
    support = wording.support(
        evidence,
        concepts,
        significant=bool(figures.q_values[0] < HIGHLY_SIGNIFICANT),
        seldom=bool(figures.q_values[0] < SIGNIFICANT and figures.change_chances[0] <= SELDOM),
        settled=bool(figures.q_values[0] < SIGNIFICANT and not (_below(figures) | _above(figures))[0]),
    )
    remarks = "; ".join(filter(None, (support, wording.labels(evidence, concepts), wording.view(evidence))))
    if trust is Trust.STRONG:
        return f"Well supported: {remarks}."
    head = f"{'Weak' if trust is Trust.WEAK else 'Fair'}: {reasons}."
    return f"{head} {remarks[0].upper()}{remarks[1:]}." if remarks else head


@dataclass(frozen=True, slots=True)
class Rule:
    cap: Trust
    """The highest grade where it holds"""
    holds: Callable[[Figures], Bools]
    says: Callable[[NeuronEvidence, Sequence[str]], str]
    """In words, of a neuron of which it holds; and the run's concepts"""


def _one_patient(figures: Figures) -> Bools:
    held: Bools = (figures.patient_shares >= 0.5) & (figures.counts > 2)
    return held


def _to_a_stranger(figures: Figures) -> Bools:
    """Another concept is often the best, and not one of the annotation."""
    held: Bools = (figures.change_chances > OFTEN) & (figures.annotated == 1)
    return held


def _below(figures: Figures) -> Bools:
    """Another concept is the best a little below α."""
    held: Bools = figures.alpha_lows > max(figures.alpha - NEARBY, 0) + ROUNDING
    return held


def _above(figures: Figures) -> Bools:
    held: Bools = figures.alpha_highs < min(figures.alpha + NEARBY, _NO_IMAGE_ABOVE) - ROUNDING
    return held


RULES = (
    Rule(Trust.UNSUPPORTED, lambda of: of.counts == 0, wording.no_images),
    Rule(Trust.UNSUPPORTED, lambda of: of.annotated == 0, wording.no_annotation),
    Rule(Trust.UNSUPPORTED, lambda of: of.counts == 1, wording.one_image),
    Rule(Trust.UNSUPPORTED, lambda of: of.patients == 1, wording.all_of_one_patient),
    Rule(Trust.WEAK, lambda of: ~(of.q_values < SIGNIFICANT), wording.chance),
    Rule(Trust.WEAK, lambda of: of.counts == 2, wording.two_images),
    Rule(Trust.WEAK, _one_patient, wording.one_patient),
    Rule(Trust.WEAK, _to_a_stranger, wording.changes),
    Rule(Trust.FAIR, lambda of: (of.patients < FEW) & (of.counts > 2) & ~_one_patient(of), wording.few),
    Rule(Trust.FAIR, lambda of: of.counts * 2 > of.images, wording.most_images),
    Rule(Trust.FAIR, lambda of: (of.change_chances > SELDOM) & ~_to_a_stranger(of), wording.changes),
    Rule(Trust.FAIR, _below, wording.changes_below),
    Rule(Trust.FAIR, _above, wording.changes_above),
    Rule(Trust.FAIR, lambda of: of.two_groups, wording.groups),
    Rule(Trust.FAIR, lambda of: of.half_agreements < 0.5, wording.halves),
    Rule(Trust.FAIR, lambda of: of.template_agreements < 0.5, wording.templates),
    Rule(Trust.FAIR, lambda of: (of.q_values >= HIGHLY_SIGNIFICANT) & (of.q_values < SIGNIFICANT), wording.hardly),
)
"""By cap; of one cap, the most telling first. Those that hold are told in this order."""
