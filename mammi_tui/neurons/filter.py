"""The filter of the neurons pane: texts that must be found, and comparisons that must hold.

`effusion "right lung" trust:strong q<0.05` keeps the neurons with both texts for which both comparisons hold.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammi_tui.neurons.figures import FIGURES, TRUST_WORDS, Figure

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "≤": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "≥": operator.ge,
    "=": operator.eq,
}
_COMPARISON = re.compile(rf"({'|'.join(FIGURES)})(<=|>=|[<>≤≥=])(.*)")
_TRUST = re.compile(r"(trust):(.*)")
_SPACED = rf"(?:trust\s*:|(?:{'|'.join(FIGURES)})\s*(?:<=|>=|[<>≤≥=]))\s*[^\s\"]*"
_TOKEN = re.compile(rf'"([^"]*)"?|({_SPACED}|[^\s"]+)')
_NUMBER = re.compile(r"([−-]?\d*[.,]?\d*)(%?)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a filter."""

    text: str
    exact: bool

    def is_in(self, unit: int, text: str) -> bool:
        """Whether a neuron has the word: a number is a unit or its first digits, any other word is part of the text."""
        if not self.exact and self.text.isdecimal():
            return str(unit).startswith(self.text)
        ends_in_unit = not self.exact and re.search(r":\d+$", self.text)
        return (f"{self.text}\n" if ends_in_unit else self.text) in text


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a figure with a value. The value is None while it is being typed; then every unit passes."""

    figure: Figure
    operator: str
    value: float | None

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the comparison holds for each unit, [units]; it does not for a unit without the figure."""
        if self.value is None:
            return np.ones(len(values), bool)
        found: NDArray[np.bool_] = _OPERATORS[self.operator](values, self.value) & ~np.isnan(values)
        return found


@dataclass(frozen=True, slots=True)
class Filter:
    words: tuple[Word, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    hint: str = ""
    """What is wrong with a word that looks like a comparison"""

    @property
    def needs_evidence(self) -> bool:
        return any(comparison.figure.of_evidence for comparison in self.comparisons)


@lru_cache(maxsize=4)
def parse(query: str) -> Filter:
    """Parses what a reader typed. Text in double quotes is one word, never a unit or a comparison."""
    words: list[Word] = []
    comparisons: list[Comparison] = []
    hint = ""
    for found in _TOKEN.finditer(query.casefold()):
        quoted, plain = found.groups()
        if plain:
            plain = "".join(plain.split())
        comparison = _comparison(plain) if plain else None
        if comparison:
            comparisons.append(comparison)
        elif quoted or plain:
            words.append(Word(quoted or plain, exact=plain is None))
            hint = hint or (_hint(plain) if plain else "")
    return Filter(tuple(words), tuple(comparisons), hint)


def _hint(text: str) -> str:
    if _TRUST.fullmatch(text) or (text.startswith("trust") and _COMPARISON.fullmatch(text)):
        return f"trust is {FIGURES['trust'].meaning}"
    found = _COMPARISON.fullmatch(text)
    return f"{found[1]} is compared with a number" if found else ""


def _comparison(text: str) -> Comparison | None:
    if found := _TRUST.fullmatch(text):
        name, sign, value = found[1], "=", found[2]
    elif found := _COMPARISON.fullmatch(text):
        name, sign, value = found.groups()
    else:
        return None
    if name == "trust" and (grades := [grade for grade, word in TRUST_WORDS.items() if word.startswith(value)]):
        return Comparison(FIGURES[name], sign, grades[0] if len(grades) == 1 else None)
    if number := _NUMBER.fullmatch(value):
        return Comparison(FIGURES[name], sign, _number(*number.groups()))
    return None


def _number(digits: str, percent: str) -> float | None:
    try:
        value = float(digits.replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return value / 100 if percent else value
