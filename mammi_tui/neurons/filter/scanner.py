"""Cuts a filter into brackets, signs and atoms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from mammi_tui.neurons.figures import FIGURES
from mammi_tui.neurons.filter.fields import FIELDS
from mammi_tui.neurons.filter.terms import OPERATORS


class Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    OR = auto()
    TIGHT_OR = auto()
    """Without a blank after it: what follows may be another value of the same field"""
    NOT = auto()
    ATOM = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A sign, or an atom: a word, a field with a value, or a comparison."""

    kind: Kind
    start: int
    """Where it starts in the filter"""
    text: str = ""
    """A word or a value, without quotes; "" where the value is still to come"""
    name: str = ""
    """Of the field or the figure; "" for a word"""
    sign: str = ""
    """`:`, or the operator of a comparison; "" for a word"""
    value_start: int = 0
    quoted: bool = False


_SIGNS = {"(": Kind.OPEN, ")": Kind.CLOSE, "|": Kind.OR, "!": Kind.NOT}
_OPERATOR = "|".join(map(re.escape, OPERATORS))
_PIECE = re.compile(r'"([^"]*)"?|([^\s"|()]+)')


def heads(fields: Iterable[str], figures: Iterable[str]) -> re.Pattern[str]:
    """Finds a field with its colon, or a figure with the operator of a comparison."""
    names = "|".join(figures) or "(?!)"
    return re.compile(rf"({'|'.join(fields)})\s*(:)\s*|({names})\s*({_OPERATOR})\s*")


_OF_NEURONS = heads(FIELDS, FIGURES)


def scan(query: str, head: re.Pattern[str] = _OF_NEURONS) -> Iterator[Token]:
    """The tokens of a filter, folded, with the fields and figures that `head` finds. A bracket inside a word is part of
    it."""
    place, opened = 0, 0
    while place < len(query):
        char = query[place]
        if char.isspace():
            place += 1
        elif char in _SIGNS and (char != ")" or opened):
            kind = _SIGNS[char]
            opened += (kind is Kind.OPEN) - (kind is Kind.CLOSE)
            tight = kind is Kind.OR and place + 1 < len(query) and not query[place + 1].isspace()
            yield Token(Kind.TIGHT_OR if tight else kind, place)
            place += 1
        else:
            token, place = _atom(query, place, opened, head)
            yield token


def _atom(query: str, start: int, opened: int, head: re.Pattern[str]) -> tuple[Token, int]:
    """The atom that starts there, and where it ends."""
    found = head.match(query, start)
    if not found:
        text, quoted, end = _text(query, start, opened)
        return Token(Kind.ATOM, start, text, value_start=start, quoted=quoted), end
    field, colon, figure, sign = found.groups()
    place = found.end()
    if query[place - 1].isspace() and head.match(query, place):  # the value is missing, and the next term follows
        return Token(Kind.ATOM, start, "", field or figure, colon or sign, place), place
    text, quoted, end = _text(query, place, opened)
    return Token(Kind.ATOM, start, text, field or figure, colon or sign, place, quoted), end


def _text(query: str, start: int, opened: int) -> tuple[str, bool, int]:
    """A word or a value: pieces with and without quotes up to a blank, a | or the bracket that closes a group."""
    pieces: list[str] = []
    place, inner, quoted = start, 0, False
    while place < len(query):
        char = query[place]
        if char == "(" and place > start:
            inner += 1
        elif char == ")" and (inner or not opened):
            inner = max(0, inner - 1)
        else:
            found = _PIECE.match(query, place)
            if not found:
                break
            quoted |= found[1] is not None
            pieces.append(found[1] if found[1] is not None else found[2])
            place = found.end()
            continue
        pieces.append(char)
        place += 1
    return "".join(pieces), quoted, place
