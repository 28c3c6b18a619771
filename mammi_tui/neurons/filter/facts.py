"""What a filter searches of the units of one layer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import LayerEvidence
from engine.requery import LayerAnswer

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Said:
    """What one reader has said of one unit; "" where nothing."""

    verdict: str = ""
    """accept, reject or unsure"""
    label: str = ""
    note: str = ""
    decided: bool = False
    """Whether the verdict was given in this run"""


NOTHING = Said()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LayerFacts:
    """One layer. Texts are in the form in which they are searched: `folded`. Units are those of the arrays' places."""

    layer: str
    classes: Sequence[str]
    """One for each unit; "" where the run names none"""
    dead: Bools
    """[units]"""
    concepts: Sequence[str]
    """All concepts of the run, by index"""
    findings: Sequence[str] = ()
    """One for each unit, or () before the answer has come"""
    answer: LayerAnswer | None = None
    evidence: LayerEvidence | None = None
    matters: NDArray[np.float64] | None = None
    """The importance for a class, [units]; NaN where the run holds none, None before it has come"""
    reader: str = ""
    said: Mapping[int, Said] = field(default_factory=dict)
    """By the reader, about the units that the reader has said something of"""
    others: Mapping[str, Mapping[int, Said]] = field(default_factory=dict)
    """By each other reader whose verdicts are shown"""
    checks: Mapping[str, Collection[int]] = field(default_factory=dict)
    """By the name of each check of the check-up that has been made: the units that it found"""
    hollow: Callable[[], Collection[int]] = tuple
    """Finds the units whose verdict was given on another annotation than the one on screen"""
    differ: Callable[[], Collection[int]] = tuple
    """Finds the units on which readers differ"""

    def __len__(self) -> int:
        return len(self.dead)

    @property
    def units(self) -> int:
        return len(self.dead)

    @property
    def undecided(self) -> Bools:
        """Living units without a verdict of this run, [units]."""
        return ~self.dead & ~self.where([unit for unit, said in self.said.items() if said.decided])

    def where(self, units: Collection[int]) -> Bools:
        """True for those units, [units]."""
        found = np.zeros(self.units, bool)
        found[list(units)] = True
        return found


def folded(text: str) -> str:
    """A text in the form in which it is searched."""
    return text.casefold()
