"""Which names are most like one that does not exist. Names come from outside: there may be many, and long ones."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest
from itertools import islice

_LONGEST = 100
"""Characters that are compared: the time grows with their square"""
_MOST = 100_000
"""Names that are looked at"""
_LIKELY = 50
"""Names with the most letters in common, which are compared in order too"""


def closest(name: str, names: Iterable[str], n: int = 1, cutoff: float = 0.6) -> list[str]:
    """At most `n` of the names, the most like first; none whose likeness, from 0 to 1, is below `cutoff`.

    Likeness is difflib's ratio of their first 100 characters.
    """
    matcher = SequenceMatcher()
    matcher.set_seq2(name[:_LONGEST])

    def letters(other: str) -> float:
        matcher.set_seq1(other[:_LONGEST])
        return matcher.quick_ratio() if matcher.real_quick_ratio() >= cutoff else 0.0

    def order(other: str) -> float:
        matcher.set_seq1(other[:_LONGEST])
        return matcher.ratio()

    likely = nlargest(_LIKELY, ((letters(other), other) for other in islice(names, _MOST)))
    found = nlargest(n, ((order(other), other) for shared, other in likely if shared >= cutoff))
    return [other for likeness, other in found if likeness >= cutoff]


def likeness(name: str, other: str) -> float:
    """How alike two names are, from 0 to 1."""
    return SequenceMatcher(None, name[:_LONGEST], other[:_LONGEST]).ratio()
