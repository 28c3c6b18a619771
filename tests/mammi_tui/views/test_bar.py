"""The bars beside the concept scores."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mammi_tui.views.concept_list import bar

SCORES = st.floats(-1, 1)


@given(st.lists(SCORES, min_size=1), st.integers(0, 60))
def test_bars_fill_their_cells_and_grow_with_the_score(scores: list[float], cells: int) -> None:
    low, high = min(0.0, *scores), max(0.0, *scores)
    drawn = [bar(score, low, high, cells) for score in sorted(scores)]
    assert {len(text) for text in drawn} == {cells}
    lengths = [2 * (text.count("━") + text.count("◂")) + text.count("╸") + text.count("╺") for text in drawn]
    positive = [length for length, score in zip(lengths, sorted(scores), strict=True) if score >= 0]
    negative = [length for length, score in zip(lengths, sorted(scores), strict=True) if score < 0]
    assert positive == sorted(positive)
    assert negative == sorted(negative, reverse=True)


def test_the_best_fills_its_side_and_negative_ones_grow_to_the_left() -> None:
    assert bar(0.5, 0.0, 0.5, 10) == "━" * 10
    assert bar(0.25, 0.0, 0.5, 10) == "━" * 5 + " " * 5
    assert bar(0.8, -0.2, 0.8, 11) == "  │━━━━━━━━"
    assert bar(-0.1, -0.2, 0.8, 11) == " ━│        "
    assert bar(-0.8, -0.8, 0.8, 11) == "◂━│        ", "cut, and marked as cut"


def test_scores_that_are_all_negative_have_the_whole_width() -> None:
    assert bar(-0.4, -0.4, 0.0, 11) == "━" * 10 + "│"
    assert bar(-0.2, -0.4, 0.0, 11) == "     ━━━━━│"
