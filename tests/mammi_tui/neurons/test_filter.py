"""What a filter asks for."""

from __future__ import annotations

import numpy as np
import pytest

from mammi_tui.neurons.filter import Comparison, parse

VALUES = np.array([0.0, 0.01, 0.05, 0.5, 1.0, np.nan])


def held(query: str) -> list[int]:
    (comparison,) = parse(query).comparisons
    return np.flatnonzero(comparison.holds(VALUES)).tolist()


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("q<0.05", [0, 1]),
        ("q<=0.05", [0, 1, 2]),
        ("q≤5%", [0, 1, 2]),
        ("Q<0,05", [0, 1]),
        ("q < 0.05", [0, 1]),
        ("change>10%", [3, 4]),
        ("change≥50%", [3, 4]),
        ("halves=1", [4]),
        ("lead>-1", [0, 1, 2, 3, 4]),
        ("lead>−1", [0, 1, 2, 3, 4]),
    ],
)
def test_comparisons_never_hold_for_a_missing_figure(query: str, places: list[int]) -> None:
    assert held(query) == places


@pytest.mark.parametrize("query", ["q<", "q<=", "change>-", "q < ", "trust:", "trust>=", "view>."])
def test_a_comparison_that_is_being_typed_asks_nothing(query: str) -> None:
    assert held(query) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("query", "grade"),
    [
        ("trust:strong", 3),
        ("trust:s", 3),
        ("trust: strong", 3),
        ("trust=fair", 2),
        ("TRUST:Weak", 1),
        ("trust>=unsupported", 0),
    ],
)
def test_grades_go_by_their_names(query: str, grade: int) -> None:
    (comparison,) = parse(query).comparisons
    assert comparison.value == grade


@pytest.mark.parametrize(
    "query", ['"q<0.05"', "q<a", "trust:great", "size<3", "layer1:3", "view:3", "p", "x<y", "<", "q"]
)
def test_other_words_are_words(query: str) -> None:
    assert not parse(query).comparisons
    assert len(parse(query).words) == 1


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("trust:none", "trust is strong, fair, weak or unsupported"),
        ("air trust > 7x", "trust is strong, fair, weak or unsupported"),
        ("q<abc", "q is compared with a number"),
        ('"q<abc"', ""),
        ("air q<0.05", ""),
    ],
)
def test_what_looks_like_a_comparison_has_a_hint(query: str, hint: str) -> None:
    assert parse(query).hint == hint


def test_words_and_comparisons_stand_together() -> None:
    wanted = parse('air q<0.05 "right lung" trust:weak')
    assert [word.text for word in wanted.words] == ["air", "right lung"]
    assert [comparison.figure.word for comparison in wanted.comparisons] == ["q", "trust"]
    assert wanted.needs_evidence
    assert not parse("air images>5 score>0.2").needs_evidence
    assert all(isinstance(comparison, Comparison) for comparison in wanted.comparisons)
