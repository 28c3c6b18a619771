"""Names in narrow columns: different ones never look the same where that is possible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mammi_tui.short_names import ShortNames

CLASSES = ("Pneumonia", "Pneumothorax", "Atelectasis", "Pleural_Thickening", "Mass")


@pytest.mark.parametrize("width", range(4, 13))
def test_classes_that_differ_in_their_ends_never_look_the_same(width: int) -> None:
    names = ShortNames(CLASSES)
    shown = [names.fit(name, width) for name in CLASSES]
    assert len(set(shown)) == len(CLASSES), shown
    assert {cell_len(text) for text in shown} == {width}


def test_names_are_cut_in_the_middle_only_where_their_beginnings_are_alike() -> None:
    names = ShortNames([*CLASSES, "infiltrate", "infiltration", "infiltrates"])
    assert [names.fit(name, 7) for name in names] == [
        *("Pne…nia", "Pne…rax", "Atelec…", "Pleura…", "Mass   "),
        *("inf…ate", "inf…ion", "inf…tes"),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("opacity of the right lower lobe on this film", "opacity of the right upper lobe on this film"),
        ("hyperinflation of the left lung", "hyperinflation of the right lung"),
        ("肺炎肺炎肺炎甲", "肺炎肺炎肺炎乙"),
        ("grade 10 of a scale that nobody knows", "grade 11 of a scale that nobody knows"),
    ],
)
def test_long_names_that_differ_anywhere_are_told_apart(first: str, second: str) -> None:
    names = ShortNames([first, second])
    assert names.fit(first, 12) != names.fit(second, 12)


def test_layers_keep_their_ends() -> None:
    layers = ["features.denseblock3.denselayer1.conv1", "features.denseblock4.denselayer1.conv1", "features.norm5"]
    names = ShortNames(layers, keep_end=True)
    assert [names.fit(layer, 12) for layer in layers] == ["f…k3.densel…", "f…k4.densel…", "…tures.norm5"]


def test_a_name_that_was_not_given_is_cut_at_its_end() -> None:
    assert ShortNames(CLASSES).fit("Consolidation", 6) == "Conso…"


@given(st.lists(st.text(min_size=1, max_size=12), max_size=12), st.integers(0, 14))
def test_any_names_fit_exactly(texts: list[str], width: int) -> None:
    names = ShortNames(texts)
    for name in names:
        assert cell_len(names.fit(name, width)) == width
        if 0 < cell_len(name) <= width:
            assert names.fit(name, width).startswith(name)


@given(st.lists(st.text("ab", min_size=1, max_size=14), min_size=2, max_size=2, unique=True))
def test_any_two_names_differ_in_six_cells(texts: list[str]) -> None:
    names = ShortNames(texts)
    assert names.fit(texts[0], 6) != names.fit(texts[1], 6)
