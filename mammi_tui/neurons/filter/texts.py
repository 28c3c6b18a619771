"""The terms of a filter that look for a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mammi_tui.neurons.filter.facts import Bools, LayerFacts, Said
from mammi_tui.neurons.filter.terms import Term
from mammi_tui.neurons.marks import VERDICT_WORDS

ANYTHING = "*"
"""A value that any text has, but no empty one"""
DEAD, UNDECIDED = "dead", "undecided"
STATES = {str(verdict): word for verdict, word in VERDICT_WORDS.items()}
"""Each verdict as a plain word finds it"""
LEAST_OF_STATE = 3
"""Letters of a state from which a plain word finds it"""


class TextTerm(Term):
    """A text to be found. `reason` says where, for a neuron's line."""

    text: str

    def is_in(self, text: str) -> bool:
        return bool(text) if self.text == ANYTHING else self.text in text

    def in_concepts(self, facts: LayerFacts) -> Bools:
        """Whether each concept of the run has the text, [m]."""
        return np.fromiter((self.is_in(concept) for concept in facts.concepts), bool, len(facts.concepts))

    def in_each(self, facts: LayerFacts, texts: Sequence[str]) -> Bools:
        """Whether the text of each unit has the text; () are no texts."""
        if not texts:
            return np.zeros(facts.units, bool)
        return np.fromiter((self.is_in(text) for text in texts), bool, facts.units)

    def in_said(self, facts: LayerFacts, part: Callable[[Said], str]) -> Bools:
        """Whether a part of what the reader has said of each unit has the text."""
        return facts.where([unit for unit, said in facts.said.items() if self.is_in(part(said))])

    def in_annotation(self, facts: LayerFacts) -> Bools:
        found = np.zeros(facts.units, bool)
        if facts.answer is not None:
            words = facts.answer.words
            found[words.owners[self.in_concepts(facts)[words.concepts]]] = True
        return found

    def in_best(self, facts: LayerFacts) -> Bools:
        if facts.answer is None:
            return np.zeros(facts.units, bool)
        best = facts.answer.best
        found: Bools = (best >= 0) & np.append(self.in_concepts(facts), False)[best]
        return found


@dataclass(frozen=True, slots=True)
class Word(TextTerm):
    """A word that may stand in any text of a neuron. A number is a unit or its first digits."""

    text: str
    exact: bool
    """Whether it stood in quotes: then it is never a number or the name of a neuron"""

    @property
    def needs_answer(self) -> bool:
        return True

    def holds(self, facts: LayerFacts) -> Bools:
        if not self.exact and self.text.isdecimal():
            return np.fromiter((str(unit).startswith(self.text) for unit in range(facts.units)), bool, facts.units)
        if self.text in facts.layer:
            return np.ones(facts.units, bool)
        return (
            self._names(facts)
            | self.in_best(facts)
            | self.in_annotation(facts)
            | self.in_each(facts, facts.classes)
            | self.in_each(facts, facts.findings)
            | self.in_said(facts, lambda said: f"{said.label}\n{said.note}")
            | self._states(facts)
        )

    def _names(self, facts: LayerFacts) -> Bools:
        """Whether it is the end of `layer:unit`, or of the layer and the beginning of the class."""
        layer, colon, unit = self.text.rpartition(":")
        if not colon or self.exact or not facts.layer.endswith(layer):
            return np.zeros(facts.units, bool)
        if unit.isdecimal() and unit.isascii():
            return facts.where([int(unit)] if len(unit) < 10 and int(unit) < facts.units else [])
        return np.fromiter((name.startswith(unit) for name in facts.classes), bool, facts.units)

    def _states(self, facts: LayerFacts) -> Bools:
        if len(self.text) < LEAST_OF_STATE or self.exact:
            return np.zeros(facts.units, bool)
        found = facts.dead & DEAD.startswith(self.text)
        if UNDECIDED.startswith(self.text):
            found |= facts.undecided
        return found | facts.where(
            [u for u, said in facts.said.items() if said.verdict and STATES[said.verdict].startswith(self.text)]
        )


@dataclass(frozen=True, slots=True)
class InConcepts(TextTerm):
    """A text in a concept of the annotation, or in the best concept."""

    text: str
    best: bool

    @property
    def needs_answer(self) -> bool:
        return True

    def holds(self, facts: LayerFacts) -> Bools:
        return self.in_best(facts) if self.best else self.in_annotation(facts)


@dataclass(frozen=True, slots=True)
class InTexts(TextTerm):
    """A text in the class or the finding."""

    text: str
    texts: Callable[[LayerFacts], Sequence[str]]

    def holds(self, facts: LayerFacts) -> Bools:
        return self.in_each(facts, self.texts(facts))


@dataclass(frozen=True, slots=True)
class InSaid(TextTerm):
    """A text in the reader's own label or note."""

    text: str
    note: bool
    """Whether it is looked for in the note, else in the label"""

    def holds(self, facts: LayerFacts) -> Bools:
        return self.in_said(facts, lambda said: said.note if self.note else said.label)
