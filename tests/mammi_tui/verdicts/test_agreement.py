"""κ and its interval against published examples, and where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mammi_tui.verdicts.agreement import agreement, cohen, fleiss


def of_table(table: Sequence[Sequence[int]]) -> list[dict[str, str]]:
    """One neuron for each count of a table: the first reader's verdict × the second's."""
    return [
        {"r1": f"v{row}", "r2": f"v{column}"}
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]


def test_cohens_kappa_and_its_standard_error_are_those_published() -> None:
    """Gwet's cont3x3abstractors, from the vignette of his package irrCAC: κ 0.7964094, standard error 0.05891072."""
    table = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
    assert cohen(np.array(table) / 100, 100) == pytest.approx((0.7964094, 0.05891072), abs=1e-7)
    told = agreement(["r1", "r2"], of_table(table))
    assert (told.name, told.neurons, told.differ) == ("Cohen's κ", 100, 11)
    assert told.kappa_text == "κ 0.80 (0.68 to 0.91)"
    assert not told.is_rough


def test_cohens_kappa_of_a_textbook_table() -> None:
    """The 50 proposals of the article on Cohen's κ in Wikipedia: κ 0.4."""
    assert agreement(["r1", "r2"], of_table([[20, 5], [10, 15]])).kappa == pytest.approx(0.4)


def test_fleiss_kappa_is_that_published() -> None:
    """Fleiss' κ of 14 readers, 10 subjects and 5 categories, as in the article of Wikipedia."""
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    assert fleiss(np.array(counts, float))[0] == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_with_gaps_and_its_standard_error_are_those_published() -> None:
    """Gwet's cac.raw4raters (Handbook of Inter-Rater Reliability, table 2.10): κ 0.76117, standard error 0.15302."""
    given = ["11_1", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "_555", "__11", "__3_"]
    judged = [{reader: value for reader, value in zip("abcd", row, strict=True) if value != "_"} for row in given]
    found = agreement("abcd", judged)
    assert (found.name, found.neurons, found.differ) == ("Fleiss' κ", 11, 3)
    assert found.kappa == pytest.approx(0.76117, abs=5e-6)
    assert found.interval == pytest.approx((0.76117 - 1.96 * 0.15302, 1.0), abs=1e-4)
    assert found.is_rough
    assert found.kappa_text == "κ 0.76 (0.46 to 1.00)"


def test_two_readers_who_agree_as_chance_would_have_a_kappa_of_zero() -> None:
    found = agreement(["r1", "r2"], of_table([[4, 4], [4, 4]]))
    assert found.kappa == pytest.approx(0)
    assert found.kappa_text == f"κ 0.00 (−{1.96 * 0.25:.2f} to {1.96 * 0.25:.2f})"
    assert found.differ_text == "8 of 16 differ"


@pytest.mark.parametrize(
    ("readers", "judged", "lacks"),
    [
        ([], [], "nobody has judged"),
        (["r1"], [{"r1": "accept"}] * 3, "one reader alone has judged"),
        (["r1", "r2"], [{"r1": "accept"}, {"r2": "accept"}], "fewer than two neurons"),
        (["r1", "r2"], [{"r1": "accept", "r2": "reject"}], "fewer than two neurons"),
        (["r1", "r2"], [{"r1": "accept", "r2": "accept"}] * 9, "every verdict is accept"),
        (["r1", "r2", "r3"], [{"r1": "unsure", "r3": "unsure"}] * 9, "every verdict is unsure"),
    ],
    ids=["nobody", "one reader", "no pair", "one pair", "one category", "one category of three readers"],
)
def test_kappa_is_not_defined_and_says_why(readers: list[str], judged: list[dict[str, str]], lacks: str) -> None:
    found = agreement(readers, judged)
    assert found.kappa is None
    assert found.interval is None
    assert lacks in found.lacks
    assert found.kappa_text == "κ –"


@pytest.mark.parametrize("readers", [["r1", "r2"], ["r1", "r2", "r3"]], ids=["two", "three"])
def test_readers_who_always_agree_have_a_kappa_of_one_without_an_interval(readers: list[str]) -> None:
    judged = [dict.fromkeys(readers, verdict) for verdict in ("accept", "accept", "reject", "unsure")]
    found = agreement(readers, judged)
    assert found.kappa == pytest.approx(1)
    assert found.interval is None
    assert "how much κ varies" in found.lacks
    assert found.kappa_text == "κ 1.00"


def test_readers_who_never_agree_have_an_interval_within_minus_one_and_one() -> None:
    found = agreement(["r1", "r2"], of_table([[0, 5], [4, 0]]))
    assert found.kappa is not None
    assert found.kappa < -0.9
    assert found.interval is None or -1 <= found.interval[0] <= found.interval[1] <= 1
