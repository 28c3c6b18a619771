"""Counts the steps that a regular expression takes, as Python's engine takes them, whatever the machine's speed; and
finds the texts that take it the most.

Only orders of magnitude count: whether the steps grow with the length of a text or with its square.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

from re import _constants as ops  # type: ignore[attr-defined] # isort: skip
from re import _parser  # type: ignore[attr-defined] # isort: skip

SHORT, LONG = 20, 80
_MOST_STEPS = 10_000
_BOUND = 6
"""A repeat with an upper limit is counted as one of at most this many"""
_SINGLE = (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN)
_CLASSES = {
    ops.CATEGORY_DIGIT: str.isdecimal,
    ops.CATEGORY_SPACE: str.isspace,
    ops.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}
_OTHERS = {ops.CATEGORY_NOT_DIGIT: ops.CATEGORY_DIGIT, ops.CATEGORY_NOT_SPACE: ops.CATEGORY_SPACE}
_OTHERS[ops.CATEGORY_NOT_WORD] = ops.CATEGORY_WORD
_SAMPLES = " \n\taA1.,-_\"'!xé"


class Slow(Exception):
    """More steps than any pattern of linear time takes."""


class Counted:
    """A pattern whose steps are counted."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        self.flags = pattern.flags
        self.nodes = list(_parser.parse(text, pattern.flags & ~re.DEBUG))
        self.steps = 0
        self._groups: set[int] = set()
        self._accepted: dict[tuple[int, str], bool] = {}

    def count(self, text: str, way: str) -> int:
        """The steps of `match`, `fullmatch`, `search` (which goes on to the text's end) or `tokens` (matches one after
        the other, until one fails) on a text."""
        self.steps, self.text = 0, text
        self._groups.clear()
        try:
            if way in ("search", "tokens"):
                start = 0
                while start <= len(text):
                    end = next(self._from(self.nodes, 0, start), start)
                    if end == start and way == "tokens":
                        break
                    start = end if end > start else start + 1
            else:
                for end in self._from(self.nodes, 0, 0):
                    if way == "match" or end == len(text):
                        break
        except Slow:
            pass
        return self.steps

    def _from(self, nodes: Sequence[Any], place: int, at: int) -> Iterator[int]:
        """Where matches of the nodes from `place` on may end."""
        if place == len(nodes):
            yield at
            return
        for end in self._one(*nodes[place], at):
            yield from self._from(nodes, place + 1, end)

    def _one(self, op: Any, value: Any, at: int) -> Iterator[int]:
        self._step()
        if op in _SINGLE:
            if at < len(self.text) and self.accepts(op, value, self.text[at]):
                yield at + 1
        elif op is ops.BRANCH:
            for nodes in value[1]:
                yield from self._from(nodes, 0, at)
        elif op is ops.SUBPATTERN:
            for end in self._from(value[3], 0, at):
                self._groups.add(value[0])
                yield end
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            yield from self._repeated(op is ops.MAX_REPEAT, *value, at)
        elif op is ops.POSSESSIVE_REPEAT:
            yield from islice(self._repeated(True, *value, at), 1)
        elif op is ops.ATOMIC_GROUP:
            yield from islice(self._from(value, 0, at), 1)
        elif op is ops.GROUPREF_EXISTS:
            yield from self._from(value[1] if value[0] in self._groups else value[2] or (), 0, at)
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            start = at if value[0] > 0 else at - value[1].getwidth()[0]
            found = start >= 0 and next(self._from(value[1], 0, start), None) is not None
            if found is (op is ops.ASSERT):
                yield at
        elif op is ops.AT:
            if self._is_at(value, at):
                yield at
        else:
            raise NotImplementedError(f"{op} in {self.nodes}")

    def _repeated(self, greedy: bool, least: int, most: Any, nodes: Any, at: int) -> Iterator[int]:
        if most is not ops.MAXREPEAT:
            most = min(int(most), max(least, _BOUND))
        if len(nodes) == 1 and nodes[0][0] in _SINGLE:
            yield from self._run(greedy, least, most, nodes[0], at)
            return

        def further(count: int, at: int) -> Iterator[int]:
            if not greedy and count >= least:
                yield at
            if most is ops.MAXREPEAT or count < most:
                for end in self._from(nodes, 0, at):
                    if end > at or count < least:
                        yield from further(count + 1, end)
            if greedy and count >= least:
                yield at

        yield from further(0, at)

    def _run(self, greedy: bool, least: int, most: Any, node: Any, at: int) -> Iterator[int]:
        ends = [at]
        while (most is ops.MAXREPEAT or len(ends) <= most) and ends[-1] < len(self.text):
            self._step()
            if not self.accepts(*node, self.text[ends[-1]]):
                break
            ends.append(ends[-1] + 1)
            if not greedy and len(ends) > least + 1:
                yield ends[-2]
                ends = [at, *ends[1:]]
        found = ends[least:]
        yield from reversed(found) if greedy else found[-1:]

    def _step(self) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise Slow

    def accepts(self, op: Any, value: Any, char: str) -> bool:
        """Whether a node of one character takes it."""
        key = (id(value), char) if op is ops.IN else (hash((op, value)), char)
        if key not in self._accepted:
            chars = {char, char.lower(), char.upper()} if self.flags & re.IGNORECASE else {char}
            self._accepted[key] = any(self._takes(op, value, each) for each in chars)
        return self._accepted[key]

    def _takes(self, op: Any, value: Any, char: str) -> bool:
        if op is ops.LITERAL:
            return bool(ord(char[0]) == value)
        if op is ops.NOT_LITERAL:
            return bool(ord(char[0]) != value)
        if op is ops.ANY:
            return char != "\n" or bool(self.flags & re.DOTALL)
        negated = value[0][0] is ops.NEGATE
        return negated != any(_in_set(*each, char) for each in value[negated:])

    def _is_at(self, where: Any, at: int) -> bool:
        last = len(self.text)
        if where in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING):
            return at == 0 or bool(self.flags & re.MULTILINE and self.text[at - 1] == "\n")
        if where is ops.AT_END:
            return at == last or self.text[at:] == "\n" or bool(self.flags & re.MULTILINE and self.text[at] == "\n")
        if where is ops.AT_END_STRING:
            return at == last
        word = [0 <= place < last and (self.text[place].isalnum() or self.text[place] == "_") for place in (at - 1, at)]
        return (word[0] != word[1]) is (where is ops.AT_BOUNDARY)


def _in_set(op: Any, value: Any, char: str) -> bool:
    if op is ops.LITERAL:
        return bool(ord(char[0]) == value)
    if op is ops.RANGE:
        return bool(value[0] <= ord(char[0]) <= value[1])
    known = _CLASSES.get(value)
    return bool(known(char)) if known else not _CLASSES[_OTHERS[value]](char)


def slowest(pattern: re.Pattern[Any], way: str) -> tuple[float, str]:
    """How the steps of the pattern grow when a text gets four times as long, at worst, and the beginning of such a
    text. Steps that grow with the length get four times as many, those that grow with its square sixteen times."""
    counted = Counted(pattern)
    worst, shown = 0.0, ""
    for head, body, tail in _hostile(counted):
        few, many = (head + body * (size // len(body)) + tail for size in (SHORT, LONG))
        steps = counted.count(many, way)
        if steps > 12 * LONG:
            growth = steps / counted.count(few, way) if steps <= _MOST_STEPS else math.inf
            if growth > worst:
                worst, shown = growth, f"{head + body * 3}…{tail}"
    return worst, shown


def _hostile(counted: Counted) -> Iterator[tuple[str, str, str]]:
    """A beginning, what is repeated, and an end, for each text to try."""
    chars = _alphabet(counted)
    whole = _witness(counted, counted.nodes)
    bodies = [*chars, *map("".join, product(chars, repeat=2)), whole, whole[1:], whole[:-1]]
    ends = ("", "\0", *chars[:2])
    for body in dict.fromkeys(filter(None, bodies)):
        for tail in ends[: 4 if len(body) == 1 else 1 + (len(body) > 2)]:
            yield "", body, tail
    for place in range(1, min(len(whole), 8) + 1):
        for char in chars:
            yield whole[:place], char, "\0"


def _alphabet(counted: Counted) -> list[str]:
    """One character that each node of one character takes, and one that few take."""
    found: dict[str, None] = {}
    for op, value in _singles(counted.nodes):
        found.setdefault(_sample(counted, op, value))
    return [*[char for char in found if char][:5], "~"]


def _singles(nodes: Any) -> Iterator[tuple[Any, Any]]:
    for op, value in nodes:
        if op in _SINGLE:
            yield op, value
        elif op is ops.BRANCH:
            for each in value[1]:
                yield from _singles(each)
        elif isinstance(value, (tuple, list)) or op is ops.ATOMIC_GROUP:
            for part in [value] if op is ops.ATOMIC_GROUP else value:
                if isinstance(part, _parser.SubPattern):
                    yield from _singles(part)


def _sample(counted: Counted, op: Any, value: Any) -> str:
    literals = [chr(each) for kind, each in (value if op is ops.IN else [(op, value)]) if kind is ops.LITERAL]
    return next((char for char in [*literals, *_SAMPLES] if counted.accepts(op, value, char)), "")


def _witness(counted: Counted, nodes: Any) -> str:
    """A short text that the nodes match, but for assertions."""
    text = ""
    for op, value in nodes:
        if op in _SINGLE:
            text += _sample(counted, op, value)
        elif op is ops.BRANCH:
            text += _witness(counted, value[1][0])
        elif op is ops.SUBPATTERN:
            text += _witness(counted, value[3])
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            text += _witness(counted, value[2]) * max(1, min(value[0], _BOUND))
        elif op is ops.ATOMIC_GROUP:
            text += _witness(counted, value)
    return text
