"""The filter of a comparison, from what a reader types to a test of each row.

`because:texts|images moved<-0.02 !fluid` keeps the neurons for which all three hold.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.likeness import closest

if TYPE_CHECKING:
    from engine.comparing.compare import Row


Test = Callable[["Row"], bool]
LONGEST = 500
"""Characters of a filter"""
_TERM = re.compile(r'(!*)(?:([a-z]+)\s*(:|<=|>=|≤|≥|<|>|=)\s*)?((?:"[^"]*"?|[^\s"])*)')
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, "≤": operator.le,
    ">": operator.gt, ">=": operator.ge, "≥": operator.ge, "=": operator.eq,
}  # fmt: skip
STATES: dict[str, Test] = {
    "changed": lambda row: row.changed,
    "unchanged": lambda row: row.is_matched and not row.changed,
    "unmatched": lambda row: not row.is_matched,
    "dead": lambda row: row.dead,
}
"""Words that name a state"""
TEXTS: dict[str, Callable[[Row], Iterable[str]]] = {
    "before": lambda row: row.before,
    "after": lambda row: row.after,
    "because": lambda row: row.because,
    "layer": lambda row: (row.layer,),
    "class": lambda row: (row.name,),
    "unit": lambda row: (str(row.unit),),
}
"""Fields that take a text: `field:text`"""
FIGURES: dict[str, Callable[[Row], float]] = {
    "moved": lambda row: row.moved,
    "change": lambda row: row.change,
    "r": lambda row: row.correlation,
    "score": lambda row: row.score_before,
    "unit": lambda row: row.unit,
}
"""Figures that are compared: `figure<number`"""
HELP = "words · before: after: because: layer: class: · moved<−0.02 r<0.9 change>0.5 · changed unmatched · ! not"


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """What a reader has typed, read."""

    tests: tuple[Test, ...] = ()
    problem: str = ""
    """What is wrong with it; then nothing is found"""

    def keeps(self, row: Row) -> bool:
        return not self.problem and all(test(row) for test in self.tests)


def parse(query: str) -> ChangeFilter:
    """Reads a filter. An empty one keeps every row."""
    if len(query) > LONGEST:
        return ChangeFilter(problem=f"a filter has at most {LONGEST} characters")
    try:
        return ChangeFilter(tuple(_tests(query.casefold())))
    except _Wrong as wrong:
        return ChangeFilter(problem=str(wrong))


class _Wrong(ValueError):
    """The filter cannot be read."""


def _tests(query: str) -> Iterator[Test]:
    for found in _TERM.finditer(query):
        negations, name, sign, value = found.groups()
        if not found.group().strip():
            continue
        test = _test(name, sign, value)
        yield _negated(test) if len(negations) % 2 else test


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _test(name: str | None, sign: str | None, value: str) -> Test:
    quoted = value.startswith('"')
    texts = [text for text in value.replace('"', "").split("|") if text] if not quoted else [value.strip('"')]
    if name is None:
        if not texts:
            raise _Wrong("! waits for a word")
        return STATES[value] if value in STATES and not quoted else lambda row: _in_any(texts, _everything(row))
    known = TEXTS if sign == ":" else FIGURES
    if name not in known:
        if sign == ":" and value.isdecimal() and name not in FIGURES:  # a neuron
            return lambda row: _in_any([f"{name}:{value}"], (f"{row.layer}:{row.unit}",), end=True)
        if name in TEXTS | FIGURES:
            raise _Wrong(f"{name} takes {'a colon: ' + name + ':…' if name in TEXTS else 'a number: ' + name + '<0.1'}")
        near = closest(name, [*TEXTS, *FIGURES], n=1, cutoff=0.5)
        raise _Wrong(f"no field {name}{'; nearest: ' + near[0] if near else ''}")
    if not texts:
        raise _Wrong(f"{name}{sign} waits for a value")
    if sign == ":":
        of, whole = TEXTS[name], name == "unit"
        return lambda row: _in_any(texts, of(row), whole=whole)
    figure, compare, number = FIGURES[name], _SIGNS[str(sign)], _number(name, texts[0])
    return lambda row: compare(figure(row), number)  # NaN compares with nothing


def _number(name: str, text: str) -> float:
    try:
        value = float(text.removesuffix("%").replace("−", "-").replace(",", "."))
    except ValueError:
        raise _Wrong(f"{name} is compared with a number") from None
    return value / 100 if text.endswith("%") else value


def _everything(row: Row) -> tuple[str, ...]:
    return (f"{row.layer}:{row.unit}", row.name, *row.before, *row.after, *row.because)


def _in_any(texts: Iterable[str], found: Iterable[str], *, whole: bool = False, end: bool = False) -> bool:
    """Whether any text is part of any other, is one of them, or ends one."""
    folded = [text.casefold() for text in found]
    return any(
        each == text if whole else each.endswith(text) if end else text in each for text in texts for each in folded
    )
