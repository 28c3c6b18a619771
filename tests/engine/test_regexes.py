"""No regular expression takes more than linear time, whatever text it is given."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from tests.support.patterns import patterns
from tests.support.regexes import slowest

LINEAR = 7
"""A text four times as long takes at most so many times the steps: 4, and what a short text saves; a square takes 16"""


@pytest.fixture(autouse=True)
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("pattern", [r"\s*\n\s*\n", "a*b", r"(?P<x>a+)+$", ".*x.*y"])
def test_patterns_of_more_than_linear_time_are_found(pattern: str) -> None:
    assert slowest(re.compile(pattern), "search")[0] > LINEAR


@pytest.mark.slow
def test_every_pattern_takes_linear_time() -> None:
    every = list(patterns())
    assert len(every) > 80
    grown = ((used, slowest(used.pattern, used.way)) for used in every)
    assert [(used.where, used.way, text, growth) for used, (growth, text) in grown if growth > LINEAR] == []
