"""Finds films, sorts them, and says what is wrong with a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decisions.film_index import FilmIndex
from engine.likeness import closest
from engine.names import compared
from mammi_tui.film_search.language import STATES, language_of
from mammi_tui.film_search.orders import Order
from mammi_tui.film_search.terms import IsWrong, OfKind, Output, Predicted, Word
from mammi_tui.neurons.filter.facts import folded
from mammi_tui.neurons.filter.fields import Vocabulary
from mammi_tui.neurons.filter.grammar import Filter, parse


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The films that a search finds."""

    images: NDArray[np.int64]
    """By index in the run, in their order"""
    order: Order
    """The order that they have: never `fitting`"""
    number: int | None
    """The class whose output or sureness sorts them; None for any"""
    problem: str
    """What is wrong with the search, or what it waits for"""


class FilmSearcher:
    """Searches the films of an open run. Any thread may ask."""

    def __init__(self, index: FilmIndex) -> None:
        self.index = index
        self.language = language_of(index)

    def find(self, query: str, order: Order = "fitting", *, flipped: bool = False) -> Found:
        """Films by a query. `flipped` turns the order round."""
        wanted = parse(query, self.language)
        held = np.ones(len(self.index), np.bool_) if wanted.term is None else wanted.term.holds(self.index)
        images = np.flatnonzero(held)
        numbers = {number for number in _numbers(wanted) if number is not None}
        number = numbers.pop() if len(numbers) == 1 else None
        by = _fitting(wanted) if order == "fitting" else order
        if by != "run":
            values = (self.index.sureness if by == "sure" else self.index.outputs)(number)[images]
            images = images[np.argsort(values if flipped else -values, kind="stable")]
        elif flipped:
            images = images[::-1]
        return Found(images, by, number, wanted.hint(()) or self._unknown(wanted) or self._unjudged(wanted))

    def _unknown(self, wanted: Filter) -> str:
        """The first word that no film has, with the nearest that is known; "" where all are known."""
        for term in wanted.parts():
            if isinstance(term, Word) and not term.holds(self.index).any():
                words = list(self.words)
                near = [word for word in words if word.startswith(term.text)]
                near = near or closest(term.text, words, n=1, cutoff=0.6)
                return f"no film has {term.text}" + (f"; nearest: {near[0]}" if near else "")
        return ""

    def _unjudged(self, wanted: Filter) -> str:
        """Why nothing is right or wrong in a class that the search names; "" where something may be."""
        outcomes = self.index.outcomes
        for term in wanted.parts():
            if outcomes is not None and isinstance(term, OfKind | IsWrong):
                numbers = range(len(outcomes.classes)) if term.number is None else [term.number]
                if not outcomes.known[list(numbers)].any():
                    which = "no class" if term.number is None else outcomes.classes[term.number]
                    no = "a" if term.number is None else "no"
                    return f"{which} is {no} label of the probing set: nothing is right or wrong"
        return ""

    @property
    def words(self) -> Iterator[str]:
        """The words that a search may go on with."""
        yield from (f"{field}:" for field in self.language.fields)
        yield from STATES
        yield from dict.fromkeys(folded(each) for each in (*self.index.labels, *self.index.classes, *self.index.views))
        yield from dict.fromkeys(compared(each) for each in (*self.index.labels, *self.index.classes))

    def completions(self, query: str) -> Sequence[str]:
        """Whole queries that what is typed may become."""
        last = folded(query.rpartition(" ")[2]).lstrip("!(|")
        if not last:
            return ()
        start = query[: len(query) - len(last)]
        name, colon, value = last.partition(":")
        if colon and (field := self.language.fields.get(name)):
            texts = dict.fromkeys(folded(text) for text in field.values(Vocabulary()))
            return [f"{start}{name}:{_quoted(text)}" for text in texts if text.startswith(value) and text != value]
        return [start + word for word in dict.fromkeys(self.words) if word.startswith(last) and word != last]


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _numbers(wanted: Filter) -> Iterator[int | None]:
    """The classes that a search names."""
    for term in wanted.parts():
        if isinstance(term, Output | Predicted | OfKind | IsWrong):
            yield term.number


def _fitting(wanted: Filter) -> Order:
    terms = list(wanted.parts())
    if any(isinstance(term, OfKind | IsWrong) for term in terms):
        return "sure"
    return "output" if any(isinstance(term, Output | Predicted) for term in terms) else "run"
