"""How far a neuron's words can be trusted: a grade by few rules, and a sentence that gives the reasons.

Each rule caps the grade where it holds; a neuron under no rule is STRONG. Rules without a figure (NaN: not known, such
as other templates in a run that has none) do not hold, but for the significance, which must be known.

NONE, unsupported: there is nothing to trust
    no representative images (dead, or no image above τ); an empty annotation; one image alone; one patient alone
WEAK: an annotation that may well be chance, or of the patient
    the best concept does no better than in random image sets: q ≥ 0.05; two images alone; half of the images or more
    are of one patient; another concept is the best in more than half of the draws of patients (bootstrap)
FAIR: significant, but not settled
    0.01 ≤ q < 0.05; fewer than five images or patients; another concept is the best in more than 1 of 10 draws of
    patients; within 0.02 of α another concept is the best; both halves of the patients have the same best concept in
    fewer than half of the splits; fewer than half of the other templates have the same best concept; the images fall in
    two groups with different best concepts

The rules look at whether the best concept is stable and more than chance. Whether it is *right* they cannot tell: that
is why the sentence ends with the label that stands out among the images, and with the view where that does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import Floats, NeuronEvidence, Trust

SIGNIFICANT, HIGHLY_SIGNIFICANT = 0.05, 0.01
FEW = 5
"""Images or patients: fewer are told"""
OFTEN_CHANGED, SELDOM_CHANGED = 0.5, 0.1
"""Of the draws of patients"""
ALPHA_NEARBY = 0.02
_MOST_OF_ONE_VIEW = 0.8
_REASONS_TOLD = 2
_ROUNDING = 1e-9
_NO_IMAGE_ABOVE = 0.99
"""The last α of the grid (engine.evidence.alpha_path) at which images lie above τ: beyond it no concept can stay"""

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What the rules look at, [units] each; NaN for what is not known."""

    alpha: float
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
    def of(cls, evidence: NeuronEvidence) -> Figures:
        """Those of one neuron, [1] each."""
        share = max((found.share for found in evidence.confounds if found.kind == "patient"), default=np.nan)
        return cls(
            evidence.alpha,
            np.array([evidence.count]),
            np.array([np.count_nonzero(evidence.beta_entries > evidence.beta)]),
            np.array([evidence.patients]),
            np.array([evidence.q_values[evidence.best] if evidence.best >= 0 else np.nan]),
            np.array([evidence.change_chance]),
            np.array([evidence.alpha_low]),
            np.array([evidence.alpha_high]),
            np.array([evidence.half_agreement]),
            np.array([evidence.template_agreement]),
            np.array([len(evidence.groups) == 2 and evidence.groups[0].best != evidence.groups[1].best]),
            np.array([share]),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    cap: Trust
    """The highest grade where it holds"""
    holds: Callable[[Figures], Bools]
    says: Callable[[NeuronEvidence, Sequence[str]], str]
    """In words, of a neuron of which it holds; and the run's concepts"""


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
    reasons = [rule for rule in RULES if rule.holds(figures)[0]]
    told = "; ".join(rule.says(evidence, concepts) for rule in reasons[:_REASONS_TOLD])
    trust = Trust(int(grade(figures)[0]))
    if trust is Trust.NONE:
        return f"Do not trust: {reasons[0].says(evidence, concepts)}."
    remarks = [*_support(evidence, concepts, figures), *_company(evidence)]
    if trust is Trust.STRONG:
        return f"Well supported: {'; '.join(remarks)}."
    head = "Weak" if trust is Trust.WEAK else "Fair"
    rest = "; ".join(remarks)
    return f"{head}: {told}." + (f" {rest[0].upper()}{rest[1:]}." if rest else "")


def _support(evidence: NeuronEvidence, concepts: Sequence[str], figures: Figures) -> list[str]:
    """What speaks for the best concept."""
    if not figures.q_values[0] < SIGNIFICANT:
        return []
    told = f"{_quoted(concepts, evidence.best)} stands out from random image sets ({_q(figures.q_values[0])})"
    stays = []
    if evidence.change_chance <= SELDOM_CHANGED:
        stays.append(f"in {percent(1 - evidence.change_chance)} of {_draws(evidence)}")
    if not _changes_nearby(figures)[0] and evidence.alpha_high > evidence.alpha_low:
        stays.append(f"from α {evidence.alpha_low:g} to {evidence.alpha_high:g}")
    return [f"{told} and stays first {' and '.join(stays)}" if stays else told]


def _company(evidence: NeuronEvidence) -> list[str]:
    """What else stands out among the images: a label that many carry, one view."""
    told = []
    for label in evidence.enrichments[:1]:
        if label.q_value < SIGNIFICANT and label.inside * 2 >= evidence.count:
            share, base = label.inside / evidence.count, label.expected / evidence.count
            told.append(f"{percent(share)} of its images carry {label.label} ({percent(base)} of all)")
    told.extend(
        f"{percent(found.share)} are {found.value} views ({percent(found.base_share)} of all)"
        for found in evidence.confounds
        if found.kind == "view" and found.p_value < HIGHLY_SIGNIFICANT and found.share >= _MOST_OF_ONE_VIEW
    )
    return told


def _changes_nearby(figures: Figures) -> Bools:
    below = figures.alpha_lows > max(figures.alpha - ALPHA_NEARBY, 0) + _ROUNDING
    above = figures.alpha_highs < min(figures.alpha + ALPHA_NEARBY, _NO_IMAGE_ABOVE) - _ROUNDING
    held: Bools = below | above
    return held


def _no_images(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    dead = all(step.best < 0 for step in evidence.alpha_path)
    return "dead, the same activation on every image" if dead else "no image lies above τ at this α"


def _no_annotation(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return "nothing lies above the β cut" if evidence.beta >= 1 else "no concept has a positive score"


def _no_better(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    q = float(evidence.q_values[evidence.best])
    return f"{_quoted(concepts, evidence.best)} does no better than in random image sets ({_q(q)})"


def _one_patient(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    share = float(Figures.of(evidence).patient_shares[0])
    return f"{'half' if share == 0.5 else percent(share)} of the images are of one patient"


def _changes(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    such = f", most likely {_quoted(concepts, evidence.second)}" if evidence.second >= 0 else ""
    return f"in {percent(evidence.change_chance)} of {_draws(evidence)} another concept is first{such}"


def _not_far(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    return f"{_quoted(concepts, evidence.best)} is first only from α {evidence.alpha_low:g} to {evidence.alpha_high:g}"


def _groups(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    names = " and ".join(_quoted(concepts, group.best) for group in evidence.groups)
    return f"the images fall in two groups, {names}"


RULES = (
    Rule(Trust.NONE, lambda of: of.counts == 0, _no_images),
    Rule(Trust.NONE, lambda of: of.annotated == 0, _no_annotation),
    Rule(Trust.NONE, lambda of: of.counts == 1, lambda *_: "one image alone"),
    Rule(Trust.NONE, lambda of: of.patients == 1, lambda of, _: f"all {of.count} images are of one patient"),
    Rule(Trust.WEAK, lambda of: ~(of.q_values < SIGNIFICANT), _no_better),
    Rule(Trust.WEAK, lambda of: of.counts == 2, lambda *_: "two images alone"),
    Rule(Trust.WEAK, lambda of: of.patient_shares >= 0.5, _one_patient),
    Rule(Trust.WEAK, lambda of: of.change_chances > OFTEN_CHANGED, _changes),
    Rule(Trust.FAIR, lambda of: of.counts < FEW, lambda of, _: f"only {of.count} images"),
    Rule(Trust.FAIR, lambda of: of.patients < FEW, lambda of, _: f"images of {of.patients} patients only"),
    Rule(Trust.FAIR, lambda of: of.change_chances > SELDOM_CHANGED, _changes),
    Rule(Trust.FAIR, _changes_nearby, _not_far),
    Rule(Trust.FAIR, lambda of: of.two_groups, _groups),
    Rule(
        Trust.FAIR,
        lambda of: of.half_agreements < 0.5,
        lambda of, _: f"two halves of the patients agree in {percent(of.half_agreement)} of splits",
    ),
    Rule(
        Trust.FAIR,
        lambda of: of.template_agreements < 0.5,
        lambda of, _: f"{percent(of.template_agreement)} of the other templates agree",
    ),
    Rule(
        Trust.FAIR,
        lambda of: of.q_values >= HIGHLY_SIGNIFICANT,
        lambda of, _: f"it may be chance ({_q(float(of.q_values[of.best]))})",
    ),
)
"""By cap; of one cap, the most telling first"""


def percent(share: float) -> str:
    """A share in whole percent; what is not quite none or all does not read as that."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def _q(q: float) -> str:
    return "q < 0.001" if q < 0.001 else f"q = {q:.2g}"


def _quoted(concepts: Sequence[str], concept: int) -> str:
    return f"'{concepts[concept]}'"


def _draws(evidence: NeuronEvidence) -> str:
    known = any(found.kind == "patient" for found in evidence.confounds)
    return "patient resamples" if known else "resamples"
