"""The columns of a neuron's concepts."""

from __future__ import annotations

import pytest

from mammi_tui.views.concept_list import ConceptList

CONCEPTS = [f"infiltration {number}" for number in range(128)]


@pytest.mark.parametrize(("width", "figures"), [(29, ["score"]), (33, ["score"]), (34, ["score", "z"])])
def test_a_name_has_fourteen_cells_before_a_second_figure_has_any(width: int, figures: list[str]) -> None:
    heads = ConceptList(CONCEPTS, id="concepts").heads(width).replace("▾", " ")
    assert heads.split() == ["concept", *figures]
    assert heads.index(figures[0]) - heads.index("concept") >= 14
