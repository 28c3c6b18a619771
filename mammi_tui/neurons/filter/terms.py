"""The terms of a filter: each says which units of a layer it holds for."""

from __future__ import annotations

import fnmatch
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from mammi_tui.neurons.figures import Figure, Floats
from mammi_tui.neurons.filter.facts import Bools, LayerFacts, folded

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    "≤": operator.le,
    ">": operator.gt,
    "≥": operator.ge,
    "=": operator.eq,
}


class Term(ABC):
    """Part of a filter: of neurons, whose `facts` are LayerFacts, or of other things that have a number."""

    @property
    def needs_answer(self) -> bool:
        return False

    @property
    def needs_evidence(self) -> bool:
        return False

    @property
    def needs_matters(self) -> bool:
        """Whether it looks at the importance for a class."""
        return False

    @property
    def needs_traits(self) -> bool:
        """Whether it looks at attributes of the films."""
        return False

    @property
    def needs_checks(self) -> frozenset[str]:
        """The checks of the check-up that it looks at."""
        return frozenset()

    def asks_others(self, reader: str) -> bool:  # noqa: ARG002
        """Whether it looks at what others say than the reader of that name, folded."""
        return False

    @abstractmethod
    def holds(self, facts: Any) -> Bools:
        """Whether the term holds for each unit, [units]."""

    def is_known(self, facts: Any) -> bool:
        """Whether what the term looks at has come; before that it holds for no unit, and neither does its negation."""
        if self.needs_matters and facts.matters is None:
            return False
        if self.needs_traits and (facts.evidence is None or facts.evidence.traits is None):
            return False
        if self.needs_checks and not self.needs_checks <= facts.checks.keys():
            return False
        return not (self.needs_answer and facts.answer is None) and not (self.needs_evidence and facts.evidence is None)


@dataclass(frozen=True, slots=True)
class InLayer(Term):
    """A text in the layer's name, or with * or ? a pattern that the whole name must match."""

    pattern: str

    def holds(self, facts: LayerFacts) -> Bools:
        if set(self.pattern) & set("*?["):
            return np.full(facts.units, fnmatch.fnmatchcase(facts.layer, self.pattern))
        return np.full(facts.units, self.pattern in facts.layer)


@dataclass(frozen=True, slots=True)
class UnitIn(Term):
    """Numbers of units, each range with both of its ends."""

    ranges: tuple[tuple[float, float], ...]

    def holds(self, facts: LayerFacts) -> Bools:
        units = np.arange(facts.units)
        found: Bools = np.any([(low <= units) & (units <= high) for low, high in self.ranges], axis=0)
        return found


@dataclass(frozen=True, slots=True)
class Comparison(Term):
    """A comparison of a figure with a value."""

    figure: Figure
    operator: str
    value: float

    @property
    def needs_answer(self) -> bool:
        return self.figure.of_answer is not None

    @property
    def needs_matters(self) -> bool:
        return self.figure.of_matters

    @property
    def needs_evidence(self) -> bool:
        return self.figure.of_evidence is not None

    def holds(self, facts: LayerFacts) -> Bools:
        """It does not hold for a unit without the figure."""
        values = self.figure.values(facts.answer, facts.evidence, facts.matters)
        return np.zeros(facts.units, bool) if values is None else self.compare(values)

    def compare(self, values: Floats) -> Bools:
        """Whether it holds for each value."""
        found: Bools = OPERATORS[self.operator](values, self.value) & ~np.isnan(values)
        return found


@dataclass(frozen=True, slots=True)
class Follows(Term):
    """How far up units go with an attribute of the films or one of its values: the AUROC among films of the same
    findings and view, compared with a value."""

    name: str
    operator: str
    value: float

    @property
    def needs_evidence(self) -> bool:
        return True

    @property
    def needs_traits(self) -> bool:
        return True

    def holds(self, facts: LayerFacts) -> Bools:
        traits = None if facts.evidence is None else facts.evidence.traits
        values = None if traits is None else traits.upwards(self.name)
        if values is None:
            return np.zeros(facts.units, bool)
        found: Bools = OPERATORS[self.operator](values, self.value) & ~np.isnan(values)
        return found


@dataclass(frozen=True, slots=True)
class Verdict(Term):
    """The reader's verdict; "" for a living unit that is not decided."""

    verdict: str

    def holds(self, facts: LayerFacts) -> Bools:
        if self.verdict:
            return facts.where([unit for unit, said in facts.said.items() if said.verdict == self.verdict])
        return facts.undecided


@dataclass(frozen=True, slots=True)
class Marked(Term):
    """Units in one of the layer's sets: those with a hollow verdict, or those on which readers differ."""

    units: Callable[[LayerFacts], Any]
    of_others: bool = False
    """Whether other readers decide it"""

    def asks_others(self, reader: str) -> bool:  # noqa: ARG002
        return self.of_others

    def holds(self, facts: LayerFacts) -> Bools:
        return facts.where(self.units(facts))


@dataclass(frozen=True, slots=True)
class VerdictBy(Term):
    """Any verdict of a reader whose name begins so."""

    reader: str

    def asks_others(self, reader: str) -> bool:
        return not reader.startswith(self.reader)

    def holds(self, facts: LayerFacts) -> Bools:
        found = np.zeros(facts.units, bool)
        for reader, said in ((facts.reader, facts.said), *facts.others.items()):
            if folded(reader).startswith(self.reader):
                found |= facts.where([unit for unit, one in said.items() if one.verdict])
        return found


@dataclass(frozen=True, slots=True)
class InCheck(Term):
    """Units that a check of the check-up has found."""

    check: str

    @property
    def needs_checks(self) -> frozenset[str]:
        return frozenset((self.check,))

    def holds(self, facts: LayerFacts) -> Bools:
        return facts.where(facts.checks.get(self.check, ()))


@dataclass(frozen=True, slots=True)
class Nothing(Term):
    """Holds for no unit: a value that is not known."""

    def holds(self, facts: Sized) -> Bools:
        return np.zeros(len(facts), bool)


@dataclass(frozen=True, slots=True)
class Not(Term):
    """Negates a term."""

    term: Term

    @property
    def needs_answer(self) -> bool:
        return self.term.needs_answer

    @property
    def needs_evidence(self) -> bool:
        return self.term.needs_evidence

    @property
    def needs_matters(self) -> bool:
        return self.term.needs_matters

    @property
    def needs_traits(self) -> bool:
        return self.term.needs_traits

    @property
    def needs_checks(self) -> frozenset[str]:
        return self.term.needs_checks

    def holds(self, facts: Any) -> Bools:
        return ~self.term.holds(facts) if self.is_known(facts) else np.zeros(len(facts), bool)


@dataclass(frozen=True, slots=True)
class Group(Term):
    """Terms that must all hold, or of which any must."""

    terms: tuple[Term, ...]
    every: bool

    @property
    def needs_answer(self) -> bool:
        return any(term.needs_answer for term in self.terms)

    @property
    def needs_evidence(self) -> bool:
        return any(term.needs_evidence for term in self.terms)

    @property
    def needs_matters(self) -> bool:
        return any(term.needs_matters for term in self.terms)

    @property
    def needs_traits(self) -> bool:
        return any(term.needs_traits for term in self.terms)

    @property
    def needs_checks(self) -> frozenset[str]:
        return frozenset().union(*(term.needs_checks for term in self.terms))

    def holds(self, facts: Any) -> Bools:
        held = [term.holds(facts) for term in self.terms]
        found: Bools = np.all(held, axis=0) if self.every else np.any(held, axis=0)
        return found
