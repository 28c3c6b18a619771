"""Cells of label tables: words for present and absent, lists of labels, numbers."""

from __future__ import annotations

import time

import pytest

from engine.probing.cells import ABSENT, NOT_TOLD, PRESENT, UNCERTAIN, UnreadableCell, Vocabulary, labels_in, number

SEPARATORS = ("|", ";")


@pytest.mark.parametrize(
    ("truth", "cells"),
    [
        (PRESENT, "1 1.0 1,0 +1 yes YES Y true T Positive present"),
        (ABSENT, "0 0.0 -0.0 0,00 no NO n False f NEGATIVE Absent"),
        (UNCERTAIN, "-1 -1.0 −1 Uncertain HEDGE possible"),
        (NOT_TOLD, "nan NaN NA n/a <NA> None null"),
    ],
)
def test_words_of_a_truth_in_any_case(truth: int, cells: str) -> None:
    vocabulary = Vocabulary()
    assert {cell: vocabulary[cell] for cell in cells.split()} == dict.fromkeys(cells.split(), truth)


def test_a_cell_may_say_nothing_in_two_words_or_none() -> None:
    assert Vocabulary()[""] == Vocabulary()["Not  mentioned"] == NOT_TOLD


@pytest.mark.parametrize("cell", ["2", "0.5", "maybe", "inf", "-nan", "1e999", "1 0", "yes?", "\x1b[31m"])
def test_other_words_are_unknown(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        Vocabulary()[cell]


def test_own_words_come_first() -> None:
    vocabulary = Vocabulary({"Ja": "present", "k. A.": "", "n": "uncertain"})
    assert [vocabulary[cell] for cell in ("JA", "K.  a.", "N", "no")] == [PRESENT, NOT_TOLD, UNCERTAIN, ABSENT]


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("['pulmonary nodule', 'pleural effusion']", ("pulmonary nodule", "pleural effusion")),
        ("['normal']", ("normal",)),
        ("[nan, 'cardiomegaly']", ("cardiomegaly",)),
        ("[]", ()),
        ("[ None , nan]", ()),
        (r"""['it\'s', "it's", ' x ', 'caf\xe9']""", ("it's", "x", "café")),
        (r'["a\"b", null, "\u00e9", "\ud83e\ude7a"]', ('a"b', "é", "🩺")),
        ("['a' 'b'\n 'c']", ("a", "b", "c")),  # NumPy
        ("[np.str_('a'), np.str_('b')]", ("a", "b")),
        ("[['a', 'loc left'], ['b'], []]", ("a", "loc left", "b")),
        ("('a', nan)", ("a",)),
        ("{'b'}", ("b",)),
        ("[Mass, Kerley's lines, effusion (left)]", ("Mass", "Kerley's lines", "effusion (left)")),
        ("'a', 'b, c'", ("a", "b, c")),
        ("Mass|Effusion; Mass ||nan", ("Mass", "Effusion")),
        ("(left) effusion", ("(left) effusion",)),
        ("Nodule, left", ("Nodule, left",)),
        ("none", ()),
        ("'", ("'",)),
    ],
)
def test_lists_of_labels(cell: str, labels: tuple[str, ...]) -> None:
    assert labels_in(cell, SEPARATORS) == labels


@pytest.mark.parametrize("cell", ["a, b", "['a', 'b']", "a,b,a", '["a" , "b"]', "a\nb", "a,\r\nb"])
def test_a_separator_of_ones_own_and_lists(cell: str) -> None:
    assert labels_in(cell, (",",)) == ("a", "b")


@pytest.mark.parametrize(
    "cell",
    [
        "['a', 'b",
        "['it's', 'b']",
        "['a', 'b'",
        "['a'] 'b'",
        "['a')",
        '{"Mass": 1}',
        "[a",
        r"['\ud83e']",
        "['a'x]",
        "[[",
    ],
)
def test_lists_that_are_not_whole_are_refused(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        labels_in(cell, SEPARATORS)


@pytest.mark.parametrize("start", ["[" + "(a" * 30_000, "[" * 100_000, "['" + "a" * 100_000, "[a" + "'" * 100_000])
def test_a_hostile_cell_takes_no_time(start: str) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableCell):
        labels_in(start, SEPARATORS)
    assert time.process_time() - began < 5


def test_a_list_is_never_evaluated() -> None:
    assert labels_in("[__import__('os').getcwd()]", SEPARATORS) == ("__import__('os').getcwd()",)


@pytest.mark.parametrize(("cell", "value"), [("1.5", 1.5), ("1,5", 1.5), ("-2", -2), ("−2", -2), ("1e3", 1000)])
def test_numbers(cell: str, value: float) -> None:
    assert number(cell) == value


@pytest.mark.parametrize("cell", ["", "nan", "inf", "1.234,5", "1,2,3", "x"])
def test_what_is_no_number(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        number(cell)
