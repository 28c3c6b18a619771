"""The terms of a film search: each says for which of a run's images it holds, [p]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.decisions.discrimination import Flags
from engine.decisions.film_index import FilmIndex
from engine.decisions.outputs import Kind
from mammi_tui.neurons.filter.terms import OPERATORS, Term


@dataclass(frozen=True, slots=True)
class Has(Term):
    """A text that one part of an image's data has, such as its labels."""

    text: str
    part: Callable[[FilmIndex, str], Flags]

    def holds(self, facts: FilmIndex) -> Flags:
        return self.part(facts, self.text)


@dataclass(frozen=True, slots=True)
class HasAttribute(Term):
    """A value of an attribute, such as a sex or a device."""

    attribute: str
    text: str

    def holds(self, facts: FilmIndex) -> Flags:
        return facts.having(self.attribute, self.text)


@dataclass(frozen=True, slots=True)
class Between(Term):
    """An attribute that is a number from `low` to `high`."""

    attribute: str
    low: float
    high: float

    def holds(self, facts: FilmIndex) -> Flags:
        return facts.compared(self.attribute, lambda numbers: (numbers >= self.low) & (numbers <= self.high))


@dataclass(frozen=True, slots=True)
class OfNumber(Term):
    """A comparison of an attribute that is a number, such as an age."""

    attribute: str
    operator: str
    value: float

    def holds(self, facts: FilmIndex) -> Flags:
        return facts.compared(self.attribute, lambda numbers: OPERATORS[self.operator](numbers, self.value))


@dataclass(frozen=True, slots=True)
class Word(Term):
    """A word in the path, a label, the patient or the view."""

    text: str

    def holds(self, facts: FilmIndex) -> Flags:
        found = facts.named(self.text) | facts.labelled(self.text)
        return found | facts.of_patient(self.text) | facts.in_view(self.text)


@dataclass(frozen=True, slots=True)
class Output(Term):
    """A comparison of the probability of a class, or of any class."""

    number: int | None
    operator: str
    value: float

    def holds(self, facts: FilmIndex) -> Flags:
        if facts.outcomes is None:
            return np.zeros(len(facts), np.bool_)
        upwards = self.operator in (">", ">=", "≥")
        if self.number is None and not upwards:
            held = OPERATORS[self.operator](facts.outcomes.probabilities, np.float32(self.value))
            found: Flags = np.any(held, axis=1)
            return found
        values = facts.outputs(self.number)  # the highest, where the class is not named
        return np.asarray(OPERATORS[self.operator](values, np.float32(self.value)), np.bool_)


@dataclass(frozen=True, slots=True)
class Predicted(Term):
    """Predicted to have a class."""

    number: int

    def holds(self, facts: FilmIndex) -> Flags:
        return np.zeros(len(facts), np.bool_) if facts.outcomes is None else facts.outcomes.predicted[:, self.number]


@dataclass(frozen=True, slots=True)
class OfKind(Term):
    """A kind, such as missed, for a class or for any."""

    kind: Kind
    number: int | None

    def holds(self, facts: FilmIndex) -> Flags:
        outcomes = facts.outcomes
        found = np.zeros(len(facts), np.bool_)
        if outcomes is not None:
            for number in range(len(outcomes.classes)) if self.number is None else [self.number]:
                found |= outcomes.of_kind(self.kind, number)
        return found


@dataclass(frozen=True, slots=True)
class IsWrong(Term):
    """Wrong about a class or about any; or surely wrong."""

    number: int | None
    surely: bool

    def holds(self, facts: FilmIndex) -> Flags:
        return facts.wrong(self.number, surely=self.surely)
