"""A neuron's evidence figures as lines of a title and a text, for the explorer and for `mammi show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.evidence.answers import NeuronEvidence
from engine.evidence.column import Column
from engine.evidence.columns import (
    CANDIDATE_CONCEPTS,
    CANDIDATES,
    COLUMNS,
    GROUP_COUNT,
    MARGIN,
    PATIENT_SHARE,
    PATIENTS,
    Q_VALUE,
    REPRESENTATIVES,
    TEMPLATE_AGREEMENT,
    TIGHTNESS,
)
from engine.evidence.details import MANY, Candidate, Trust
from engine.evidence.findings import finding
from engine.evidence.trust import RULES
from engine.evidence.written import Written
from mammi_tui.text import count, number, percent, probability

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
    """The figures that the grade looks at, then the others. `concepts` are clean, by index."""
    for graded in (True, False):
        for column in COLUMNS:
            if column.title and (column in GRADED) is graded:
                fuller = _FULLER.get(column)
                text = fuller(evidence, concepts) if fuller else written(column, evidence[column], concepts)
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
        case Written.TEXT:
            return value or NONE
        case Written.SHARE:
            return percent(float(value))
        case Written.CHANCE:
            return probability(float(value))
        case Written.NUMBER:
            return number(float(value), column.digits)
        case Written.CANDIDATES:
            found: tuple[Candidate, ...] = value
            return ", ".join(concepts[each.concept] for each in found) or NONE
        case Written.INTERVAL:
            low, high = value
            return NONE if np.isnan(low) else f"{number(low, column.digits)} … {number(high, column.digits)}"


def _images(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    """The number of images, and of patients if any of the images has one."""
    patients = "" if np.isnan(evidence[PATIENT_SHARE]) else f" of {count(int(evidence[PATIENTS]), 'patient')}"
    return f"{evidence.count:,}{patients}"


def _patient(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    """The share of the most common patient; empty if no image has a patient."""
    share = float(evidence[PATIENT_SHARE])
    return "" if np.isnan(share) else f"largest {percent(share)}"


def _templates(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    """How many other templates agree; empty if the run has none."""
    agreeing = sum(best == evidence.best for _, best in evidence.template_bests)
    return f"{agreeing} of {len(evidence.template_bests)}" if evidence.template_bests else ""


def _alike(evidence: NeuronEvidence, _: Sequence[str]) -> str:
    return f"{number(float(evidence[TIGHTNESS]), 3)}, all {number(evidence.base_tightness, 3)}"


def _candidates(evidence: NeuronEvidence, concepts: Sequence[str]) -> str:
    """How many concepts may be the best one, and which they are."""
    named = written(CANDIDATE_CONCEPTS, evidence[CANDIDATE_CONCEPTS][:MANY], concepts)
    more = ", …" if evidence[CANDIDATES] > MANY else ""
    return f"{evidence[CANDIDATES]:,} at 90 %: {named}{more}" if named != NONE else NONE


_FULLER: dict[Column[Any], Callable[[NeuronEvidence, Sequence[str]], str]] = {
    REPRESENTATIVES: _images,
    PATIENT_SHARE: _patient,
    Q_VALUE: lambda evidence, _: f"q {probability(float(evidence[Q_VALUE]))}",
    MARGIN: lambda evidence, _: number(float(evidence[MARGIN]), 4),
    CANDIDATE_CONCEPTS: _candidates,
    TEMPLATE_AGREEMENT: _templates,
    GROUP_COUNT: lambda evidence, _: "two groups" if evidence.groups else "one group",
    TIGHTNESS: _alike,
}
"""Columns whose line says more than the figure; an empty text leaves the line out"""
