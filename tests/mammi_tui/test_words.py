"""What is typed is found at the beginnings of words."""

from __future__ import annotations

import pytest

from mammi_tui.words import Words, folded


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("eff", "Neurons with effusion"),
        ("sort rep", "Sort neurons by representatives"),
        ("REP SORT", "Sort neurons by representatives"),
        ("norm5:57", "features.norm5:57"),
        ("57", "features.norm5:57"),
        ("thick", "Pleural_Thickening"),
        ("alpha", "α −0.01"),
        ("α", "α −0.01"),
        ("epanchement", "Épanchement pleural"),
        ("0.01", "α −0.01"),
        ("[", "[bold]x[/]"),
    ],
)
def test_every_word_typed_begins_a_word(typed: str, text: str) -> None:
    assert 0 < Words(typed).score(folded(text)) <= 1


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("note", "Sort neurons by representatives"),
        ("fusion", "effusion"),
        ("sort note", "Sort neurons by unit"),
        ("7", "features.norm5:57"),
        ("", "anything"),
        ("  ", "anything"),
        (".*", "anything"),
    ],
)
def test_scattered_letters_are_no_word(typed: str, text: str) -> None:
    assert Words(typed).score(folded(text)) == 0


def test_the_best_comes_first() -> None:
    texts = ["a long story about air and other things", "repair", "the airway", "airway", "air"]
    assert [texts[place] for place in Words("air").among(texts, 3)] == ["air", "airway", texts[0]]


def test_among_many_that_are_alike_the_first_are_taken() -> None:
    texts = [f"layer:{unit}" for unit in range(22_000)]
    assert Words("layer").among(texts, 5) == [0, 1, 2, 3, 4]
    assert Words("layer:21999").among(texts, 5) == [21_999]
