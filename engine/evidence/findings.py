"""What a neuron's figures say, a few words each: the title of its line states what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.evidence.answers import NeuronEvidence
from engine.evidence.column import Column
from engine.evidence.columns import (
    ALPHA_INTERVAL,
    CANDIDATE_CONCEPTS,
    CANDIDATES,
    CHANGE_CHANCE,
    HALF_AGREEMENT,
    HALF_CORRELATION,
    MARGIN,
    MARGIN_INTERVAL,
    Q_VALUE,
    REPRESENTATIVES,
)
from engine.evidence.details import MANY
from engine.evidence.image_columns import FOLLOWS, POLYSEMANTICITY, REDUNDANCY, TIGHTNESS
from engine.evidence.trust import FEW, OFTEN, RULES

ALIKE = 0.7
"""The redundancy from which two units are much alike"""


def finding(column: Column[Any], evidence: NeuronEvidence) -> str:
    """The title of a figure's line, for what the figure is.

    That is `column.title` where all is well, else the words of the first rule that holds, or why there is no figure.
    """
    if column in _UNKNOWN and _is_unknown(column, evidence):
        return _UNKNOWN[column]
    title, holds = _ON_ITS_VALUE.get(column, ("", None))
    if holds and holds(evidence):
        return title
    return next((rule.finding for rule in RULES if rule.column is column and rule.holds(evidence)), column.title)


def _is_unknown(column: Column[Any], evidence: NeuronEvidence) -> bool:
    if column is FOLLOWS:
        return evidence.follows is None
    figure = evidence[column]
    return not figure if isinstance(figure, tuple) else bool(np.isnan(figure).any())


def findings(column: Column[Any]) -> tuple[str, ...]:
    """Every title that the line of a figure can have, `column.title` first."""
    ruled = [rule.finding for rule in RULES if rule.column is column]
    others = _ON_ITS_VALUE.get(column, ("",))[0], _UNKNOWN.get(column, "")
    return tuple(dict.fromkeys(filter(None, (column.title, *ruled, *others))))


_ON_ITS_VALUE: dict[Column[Any], tuple[str, Callable[[NeuronEvidence], bool]]] = {
    Q_VALUE: ("A single image is no test", lambda evidence: evidence.count == 1),
    CHANGE_CHANCE: ("Another first in most draws", lambda evidence: bool(evidence[CHANGE_CHANCE] > OFTEN)),
    REPRESENTATIVES: ("Few images", lambda evidence: 2 < evidence.count < FEW),
    CANDIDATE_CONCEPTS: ("Many candidates", lambda evidence: bool(evidence[CANDIDATES] > MANY)),
    MARGIN: ("Ties with the second", lambda evidence: bool(evidence[MARGIN] == 0)),
    FOLLOWS: ("Follows an attribute", lambda evidence: bool(evidence.follows)),
    TIGHTNESS: ("As alike as all", lambda evidence: bool(evidence[TIGHTNESS] <= evidence.base_tightness)),
    POLYSEMANTICITY: ("Answers to several things", lambda evidence: bool(evidence[POLYSEMANTICITY] > 0)),
    REDUNDANCY: ("A unit is much like it", lambda evidence: bool(evidence[REDUNDANCY] >= ALIKE)),
}
"""Titles that depend on a value without a rule of the grade"""
_UNKNOWN: dict[Column[Any], str] = {
    Q_VALUE: "Not compared with chance",
    MARGIN: "No second concept",
    MARGIN_INTERVAL: "Lead not drawn",
    CHANGE_CHANCE: "Not drawn again",
    CANDIDATE_CONCEPTS: "Candidates not drawn",
    ALPHA_INTERVAL: "Not followed along α",
    HALF_AGREEMENT: "Halves not compared",
    HALF_CORRELATION: "Halves not correlated",
    TIGHTNESS: "No pair of images",
    FOLLOWS: "Attributes not looked at",
    REDUNDANCY: "Units not compared",
}
"""Titles of figures that a neuron does not have"""
