"""How a figure is written: its type in a table, its value in JSON, and shares for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.evidence.details import MOST_GROUPS, Candidate, Trust


class Written(Enum):
    """What kind of value a figure is, and so how it is written."""

    GRADE = auto()
    """A Trust"""
    COUNT = auto()
    FLAG = auto()
    CONCEPT = auto()
    """A concept index; −1 for none"""
    CONCEPTS = auto()
    """Concept indices; −1 for none"""
    UNIT = auto()
    """A unit of the same layer; −1 for none"""
    TEXT = auto()
    """A string; "" for none"""
    SHARE = auto()
    """From 0 to 1, read in percent; NaN for none"""
    CHANCE = auto()
    """A probability; NaN for none"""
    NUMBER = auto()
    """NaN for none"""
    CANDIDATES = auto()
    """A tuple of Candidate; () for none"""
    INTERVAL = auto()
    """Its two ends; NaN for none"""


SQL_TYPES = {
    Written.GRADE: "VARCHAR",
    Written.COUNT: "INTEGER",
    Written.FLAG: "BOOLEAN",
    Written.CONCEPT: "VARCHAR",
    Written.CONCEPTS: "VARCHAR[]",
    Written.UNIT: "INTEGER",
    Written.TEXT: "VARCHAR",
    Written.SHARE: "DOUBLE",
    Written.CHANCE: "DOUBLE",
    Written.NUMBER: "DOUBLE",
    Written.CANDIDATES: "VARCHAR[]",
    Written.INTERVAL: "DOUBLE[]",
}
"""The type of a figure's column in an exported table"""
_NO_CANDIDATE = np.empty((), dtype=np.object_)
_NO_CANDIDATE[()] = ()
BLANKS: dict[Written, NDArray[Any]] = {
    Written.GRADE: np.array(Trust.UNSUPPORTED, dtype=np.int8),
    Written.COUNT: np.array(0),
    Written.FLAG: np.array(False),
    Written.CONCEPT: np.array(-1),
    Written.CONCEPTS: np.full(MOST_GROUPS, -1),
    Written.UNIT: np.array(-1),
    Written.TEXT: np.array("", dtype=np.object_),
    Written.SHARE: np.array(np.nan),
    Written.CHANCE: np.array(np.nan),
    Written.NUMBER: np.array(np.nan),
    Written.CANDIDATES: _NO_CANDIDATE,
    Written.INTERVAL: np.array([np.nan, np.nan]),
}
"""The figure of a unit without representative images"""


def plain(written: Written, value: Any, concepts: Sequence[str]) -> object:
    """A figure of one neuron as a JSON type: None for none, a name for a concept or a grade."""
    match written:
        case Written.GRADE:
            return Trust(int(value)).name.lower()
        case Written.COUNT:
            return int(value)
        case Written.FLAG:
            return bool(value)
        case Written.CONCEPT:
            return None if value < 0 else concepts[value]
        case Written.CONCEPTS:
            return [concepts[concept] for concept in value.tolist() if concept >= 0]
        case Written.UNIT:
            return None if value < 0 else int(value)
        case Written.TEXT:
            return str(value) or None
        case Written.SHARE | Written.CHANCE | Written.NUMBER:
            return number_or_none(value)
        case Written.CANDIDATES:
            found: tuple[Candidate, ...] = value
            return [concepts[each.concept] for each in found]
        case Written.INTERVAL:
            return [number_or_none(end) for end in value]


def number_or_none(value: float) -> float | None:
    """A number as a JSON type, which has no NaN."""
    return None if np.isnan(value) else float(value)


def percent(share: float) -> str:
    """A share in whole percent. A share just above 0 or just below 1 is not rounded to 0 % or 100 %."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"
