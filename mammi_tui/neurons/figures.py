"""The figures of a layer's neurons that the tree can be sorted and filtered by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import LayerEvidence, Trust
from engine.requery import LayerAnswer
from mammi_tui.text import decimal, percent, probability
from mammi_tui.widgets.lines import Part

TRUST_MARKS: dict[Trust, Part] = {
    Trust.STRONG: ("●", "line--good"),
    Trust.FAIR: ("◐", "line--unsure"),
    Trust.WEAK: ("○", "line--bad"),
    Trust.UNSUPPORTED: ("◌", "line--bad"),
}
TRUST_WORDS: dict[Trust, str] = {
    Trust.STRONG: "strong",
    Trust.FAIR: "fair",
    Trust.WEAK: "weak",
    Trust.UNSUPPORTED: "unsupported",
}

Values = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number for each unit, by the word that a filter names it with."""

    word: str
    head: str
    """Over its column, of at most six cells"""
    meaning: str
    shown: Callable[[float], str]
    """In at most six cells"""
    of_answer: Callable[[LayerAnswer], Values] | None = None
    of_evidence: Callable[[LayerEvidence], Values] | None = None
    """Exactly one of the two is there"""

    def values(self, answer: LayerAnswer | None, evidence: LayerEvidence | None) -> NDArray[np.float64] | None:
        """[units]; None while it is not known."""
        if self.of_evidence:
            return None if evidence is None else self.of_evidence(evidence).astype(np.float64)
        return None if answer is None or self.of_answer is None else self.of_answer(answer).astype(np.float64)


def _whole(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:,.0f}"


def _fraction(digits: int) -> Callable[[float], str]:
    return lambda value: "–" if np.isnan(value) else decimal(value, digits)


FIGURES: dict[str, Figure] = {
    figure.word: figure
    for figure in (
        Figure("score", "score", "the best concept's score", _fraction(3), of_answer=lambda a: a.best_scores),
        Figure("images", "images", "representative images", _whole, of_answer=lambda a: a.counts),
        Figure("trust", "trust", "strong, fair, weak or unsupported", _whole, of_evidence=lambda e: e.trust),
        Figure("q", "q", "chance that a random image set does as well, over the layer's units", probability,
               of_evidence=lambda e: e.q_values),
        Figure("p", "p", "the same, of this unit alone", probability, of_evidence=lambda e: e.p_values),
        Figure("z", "z", "standard deviations above random image sets", _fraction(1),
               of_evidence=lambda e: e.z_scores),
        Figure("lead", "lead", "the first concept's score less the second's", _fraction(3),
               of_evidence=lambda e: e.margins),
        Figure("change", "change", "chance that other patients give another first concept", percent,
               of_evidence=lambda e: e.change_chances),
        Figure("range", "range", "width of the stretch of α with the same first concept", _fraction(3),
               of_evidence=lambda e: e.alpha_highs - e.alpha_lows),
        Figure("halves", "halves", "splits of the patients whose halves agree", percent,
               of_evidence=lambda e: e.half_agreements),
        Figure("templates", "templ.", "other templates with the same first concept", percent,
               of_evidence=lambda e: e.template_agreements),
        Figure("alike", "alike", "mean cosine between two representative images", _fraction(3),
               of_evidence=lambda e: e.tightness),
        Figure("groups", "groups", "2 where they fall in two groups with different first concepts", _whole,
               of_evidence=lambda e: 1 + e.two_groups),
        Figure("patient", "patnt", "share of the images that are of one patient", percent,
               of_evidence=lambda e: e.patient_shares),
        Figure("view", "view", "share that are of one view", percent, of_evidence=lambda e: e.view_shares),
        Figure("label", "label", "share that carry one label", percent, of_evidence=lambda e: e.label_shares),
    )
}  # fmt: skip
