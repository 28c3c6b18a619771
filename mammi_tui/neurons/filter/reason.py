"""Why a filter finds a neuron, where its line does not show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from mammi_tui.neurons.filter.facts import NOTHING, LayerFacts
from mammi_tui.neurons.filter.grammar import Filter
from mammi_tui.neurons.filter.texts import InConcepts, InSaid, TextTerm, Word


class Where(Enum):
    CONCEPT = auto()
    FINDING = auto()
    NOTE = auto()


@dataclass(frozen=True, slots=True)
class Reason:
    """Where the text of a filter stands. `concept` is the index of an annotated concept."""

    where: Where
    concept: int = -1


def reason(wanted: Filter, facts: LayerFacts, unit: int, shown: str) -> Reason | None:
    """The first text of the filter that is not in what the neuron's line shows, `shown`, folded; None if all are."""
    for term in wanted.texts:
        if found := _hidden(term, facts, unit, shown):
            return found
    return None


def _hidden(term: TextTerm, facts: LayerFacts, unit: int, shown: str) -> Reason | None:
    said = facts.said.get(unit, NOTHING)
    if isinstance(term, InSaid):
        return Reason(Where.NOTE) if term.note else None  # a label stands in the line
    if not isinstance(term, Word | InConcepts) or term.is_in(shown) or (isinstance(term, InConcepts) and term.best):
        return None
    if isinstance(term, Word):
        if facts.findings and term.is_in(facts.findings[unit]):
            return Reason(Where.FINDING)
        if term.is_in(said.label):
            return None  # it stands in the line
        if term.is_in(said.note):
            return Reason(Where.NOTE)
    words = facts.answer.words.of_unit(unit) if facts.answer else ()
    found = next((concept for concept in words if term.is_in(facts.concepts[concept])), -1)
    return Reason(Where.CONCEPT, found) if found >= 0 else None
