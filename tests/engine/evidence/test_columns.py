"""Every figure has a name of its own, and the texts of the places where it appears."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engine.evidence.column import Column
from engine.evidence.columns import COLUMNS
from engine.evidence.trust import RULES

WIDEST_HEAD = 6


def test_no_two_figures_share_a_name() -> None:
    for names in (
        [column.name for column in COLUMNS],
        [column.title for column in COLUMNS if column.title],
        [column.word for column in COLUMNS if column.word],
        [column.order for column in COLUMNS if column.order],
    ):
        assert [name for name, times in Counter(names).items() if times > 1] == []


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_figure_says_what_it_means_wherever_it_appears(column: Column[Any]) -> None:
    assert bool(column.word) == bool(column.meaning)
    assert len(column.head or column.word) <= WIDEST_HEAD
    assert column.help or column.word or not (column.title or column.in_table)
    assert not column.title or column.help.endswith(".")
    assert not column.order or column.word, "the pane shows the figure that it sorts by"


def test_every_figure_of_the_grade_has_a_line() -> None:
    assert [rule.column.name for rule in RULES if not rule.column.title] == []
