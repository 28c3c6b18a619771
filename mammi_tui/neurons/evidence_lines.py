"""A neuron's evidence figures as lines of a title and a text, for the explorer and for `mammi show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.evidence.answers import NeuronEvidence
from engine.evidence.column import Column
from engine.evidence.columns import (
    ALPHA_INTERVAL,
    CANDIDATE_CONCEPTS,
    CANDIDATES,
    COLUMNS,
    MARGIN,
    PATIENTS,
    Q_VALUE,
    REPRESENTATIVES,
    TEMPLATE_AGREEMENT,
)
from engine.evidence.details import MANY, Trust
from engine.evidence.findings import finding
from engine.evidence.image_columns import (
    FOLLOWS,
    FOLLOWS_AREA,
    GROUP_COUNT,
    PATIENT_SHARE,
    REDUNDANCY,
    REDUNDANT_WITH,
    TIGHTNESS,
)
from engine.evidence.trust import RULES
from engine.evidence.wording import NUMBERS
from engine.evidence.written import Written
from mammi_tui.text import clean, count, number, percent, probability

NONE = "–"
"""The text of a figure that a neuron does not have"""
GRADED = {rule.column for rule in RULES}
"""The columns that the grade looks at"""


class Line(NamedTuple):
    """One figure of a neuron."""

    column: Column[Any]
    title: str
    """What was found"""
    text: str


def lines(evidence: NeuronEvidence, concepts: Sequence[str]) -> Iterator[Line]:
    """The figures that the grade looks at, then the others; not the interval of α where α does not count. `concepts`
    are clean, by index."""
    columns = [each for each in COLUMNS if each is not ALPHA_INTERVAL or evidence.cuts.selection.rule != "top"]
    for graded in (True, False):
        for column in columns:
            if column.title and (column in GRADED) is graded:
                fuller = _FULLER.get(column)
                if column is CANDIDATE_CONCEPTS:
                    text = _candidates(evidence, concepts)
                else:
                    text = fuller(evidence) if fuller else written(column, evidence[column], concepts)
                if text:
                    yield Line(column, finding(column, evidence), text)


def written(column: Column[Any], value: Any, concepts: Sequence[str] = ()) -> str:
    """One value of a column for a reader. `concepts` are clean, by index; only concept columns need them."""
    match column.written:
        case Written.GRADE:
            return Trust(int(value)).name.lower()
        case Written.COUNT:
            return NONE if np.isnan(value) else f"{value:,.0f}"
        case Written.FLAG:
            return "yes" if value else "no"
        case Written.CONCEPT:
            return NONE if value < 0 else concepts[value]
        case Written.CONCEPTS:
            return ", ".join(concepts[concept] for concept in value.tolist() if concept >= 0) or NONE
        case Written.UNIT:
            return NONE if value < 0 else f"{value}"
        case Written.TEXT:
            return value or NONE
        case Written.SHARE:
            return percent(float(value))
        case Written.CHANCE:
            return probability(float(value))
        case Written.NUMBER:
            return number(float(value), column.digits)
        case Written.CANDIDATES:
            return ", ".join(concepts[candidate.concept] for candidate in value) or NONE
        case Written.INTERVAL:
            low, high = value
            return NONE if np.isnan(low) else f"{number(low, column.digits)} … {number(high, column.digits)}"


def _images(evidence: NeuronEvidence) -> str:
    """The number of images, and of patients if any of the images has one."""
    patients = "" if np.isnan(evidence[PATIENT_SHARE]) else f" of {count(int(evidence[PATIENTS]), 'patient')}"
    return f"{evidence.count:,}{patients}"


def _patient(evidence: NeuronEvidence) -> str:
    """The share of the most common patient; empty if no image has a patient."""
    share = float(evidence[PATIENT_SHARE])
    return "" if np.isnan(share) else f"largest {percent(share)}"


def _templates(evidence: NeuronEvidence) -> str:
    """How many other templates agree; empty if the run has none."""
    agreeing = sum(best == evidence.best for _, best in evidence.template_bests)
    return f"{agreeing} of {len(evidence.template_bests)}" if evidence.template_bests else ""


def _alike(evidence: NeuronEvidence) -> str:
    return f"{number(float(evidence[TIGHTNESS]), 3)}, all {number(evidence.base_tightness, 3)}"


def _candidates(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    """How many concepts may be the best one, and which they are."""
    named = written(CANDIDATE_CONCEPTS, evidence.candidate_concepts[:MANY], concepts)
    more = ", …" if evidence[CANDIDATES] > MANY else ""
    return f"{evidence[CANDIDATES]:,} at 90 %: {named}{more}" if named != NONE else NONE


def _follows(evidence: NeuronEvidence) -> str:
    """The attribute that it follows, and its AUROC; empty if the run records none."""
    if not evidence.attributes:
        return ""
    if evidence.follows is None:
        return NONE
    if not evidence.follows:
        return "more than a finding"
    return f"{clean(str(evidence[FOLLOWS]))} {number(float(evidence[FOLLOWS_AREA]), 2)}"


def _groups(evidence: NeuronEvidence) -> str:
    groups = len(evidence.groups)
    return f"{NUMBERS[groups]} groups" if groups else "one group"


def _redundant(evidence: NeuronEvidence) -> str:
    """How much another unit is like it, and which; a unit may also share no image with any."""
    other = int(evidence[REDUNDANT_WITH])
    shared = number(float(evidence[REDUNDANCY]), REDUNDANCY.digits)
    return f"{shared}, unit {other}" if other >= 0 else shared


_FULLER: dict[Column[Any], Callable[[NeuronEvidence], str]] = {
    REPRESENTATIVES: _images,
    PATIENT_SHARE: _patient,
    Q_VALUE: lambda evidence: f"q {probability(float(evidence[Q_VALUE]))}",
    MARGIN: lambda evidence: number(float(evidence[MARGIN]), 4),
    TEMPLATE_AGREEMENT: _templates,
    GROUP_COUNT: _groups,
    TIGHTNESS: _alike,
    FOLLOWS: _follows,
    REDUNDANCY: _redundant,
}
"""Columns whose line says more than the figure; an empty text leaves the line out"""
