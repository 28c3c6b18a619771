"""The fields of a film search that a run's attributes give: `sex:f`, `age>60`, `device:"chest tube"`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator

from engine.decisions.film_index import FilmIndex
from engine.probing.base import NONE
from mammi_tui.film_search.terms import Between, HasAttribute, OfNumber
from mammi_tui.neurons.filter.fields import Field, Read, nearest, number_of
from mammi_tui.text import clean

_RANGE = re.compile(r"(\d[\d.,]*+)?(-)?(\d[\d.,]*+)?")
_NO_WORD = re.compile(r"[^\w-]+")
_SHOWN = 6
"""The most values that the meaning of a field names"""


class AttributeFields:
    """Reads what a search says of attributes."""

    def __init__(self, index: FilmIndex, taken: Collection[str]) -> None:
        """`taken` are the words that mean something else."""
        self._index = index
        words = {_NO_WORD.sub("-", name).strip("-"): name for name in index.attributes}
        self._names = {word: name for word, name in words.items() if word and word not in taken}

    def fields(self) -> Iterator[Field]:
        for word, name in self._names.items():
            told = self._index.attributes[name]
            values = [clean(value) for value in told.values]
            shown = ", ".join(values[:_SHOWN]) + (" …" if len(values) > _SHOWN else "")
            if told.numbers is not None:
                yield Field(word, f"a number: {word}:60-70, or {word}>60", self._reader(name))
            else:
                yield Field(word, f"{shown}; * any, none for none", self._reader(name), _constant(values))

    @property
    def numbers(self) -> list[str]:
        """The words that are compared with a number."""
        return [word for word, name in self._names.items() if self._index.attributes[name].numbers is not None]

    def compared(self, word: str, sign: str, value: str) -> Read:
        """`age>60`."""
        number = number_of(value)
        if number is not None:
            return Read(OfNumber(self._names[word], sign, number))
        return Read(problem=f"{word} is compared with a number: {word}>60") if value.strip(".,-−") else Read()

    def _reader(self, name: str) -> Callable[[str], Read]:
        numeric = self._index.attributes[name].numbers is not None
        return lambda value: (self._number if numeric else self._value)(name, value)

    def _value(self, name: str, value: str) -> Read:
        known = [each.casefold() for each in self._index.attributes[name].values]
        if value in ("*", NONE) or any(value in each for each in known):
            return Read(HasAttribute(name, value))
        return Read(problem=f"no film has {clean(name)}:{value}{clean(nearest(value, known))}")

    def _number(self, name: str, value: str) -> Read:
        if value in ("*", NONE):
            return Read(HasAttribute(name, value))
        found = _RANGE.fullmatch(value)
        low, dash, high = found.groups() if found else (None, None, None)
        if not (low or high):
            return Read() if dash else Read(problem=f"{clean(name)} is a number or a range: {clean(name)}:60-70")
        least = -math.inf if low is None else number_of(low)
        most = number_of(high) if high else math.inf if dash else least
        return Read() if least is None or most is None else Read(Between(name, least, most))


def _constant(values: list[str]) -> Callable[[object], list[str]]:
    return lambda _: values
