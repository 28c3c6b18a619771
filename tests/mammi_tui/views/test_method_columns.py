"""Methods side by side as rows."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from engine.methods.base import MethodAnswer
from mammi_tui.views.method_columns import MethodColumn, fitting, method_rows, shared_concepts


def column(title: str, concepts: str, annotated: int, **more: object) -> MethodColumn:
    names = tuple(concepts.split())
    scores = np.linspace(0.9, 0.1, len(names))
    return MethodColumn(title, MethodAnswer(title, names, scores, annotated, **more))  # type: ignore[arg-type]


COLUMNS = [
    column("MAMMI", "air space effusion", 2),
    column("WWW (top 40 images)", "space Air lung", 2, note="Of few images."),
    column("TCAV", "air lung", 1, p_values=np.array([0.0004, np.nan]), details=("layer4", "")),
    MethodColumn("slow", reason="being computed"),
    column("nothing", "", 0, note="A dead unit."),
    column("hostile \x1b[31m", "[bold]x[/] \u202egnp.exe a\\[b \uff21\uff22", 3, note="[/]\n\x1b]0;t\x07"),
]


@pytest.mark.parametrize("width", [34, 60, 200])
def test_rows_fill_their_width(width: int) -> None:
    shared = shared_concepts(COLUMNS)
    for row in method_rows(COLUMNS[: fitting(len(COLUMNS), width)], shared, width):
        line = "".join(part for part, _ in row)
        assert cell_len(line) <= width
        assert line.isprintable()


def test_shared_concepts_are_counted_among_annotations() -> None:
    shared = shared_concepts(COLUMNS)
    assert shared["air"] == 3
    assert shared["space"] == 2
    assert shared["lung"] == shared["effusion"] == 0
    lines = ["".join(part for part, _ in row) for row in method_rows(COLUMNS[:3], shared, 120)]
    first = next(line for line in lines if line.startswith("air"))
    assert first.split()[:4] == ["air³", "0.900", "space²", "0.900"]
    assert "layer4" in first
    assert first.endswith("<0.001")
    assert any("lung " in line and "lung²" not in line for line in lines)


def test_two_methods_at_least_are_side_by_side() -> None:
    assert [fitting(5, width) for width in (20, 34, 60, 93, 300)] == [2, 2, 2, 3, 5]
    assert fitting(1, 300) == 1


def test_a_column_is_headed_by_what_the_method_ranks_by() -> None:
    columns = [column("MAMMI", "air", 1), column("MAMMI by z", "air", 1, figure="z")]
    lines = ["".join(part for part, _ in row).split() for row in method_rows(columns, shared_concepts(columns), 60)]
    assert ["concept", "score", "concept", "z"] in lines
