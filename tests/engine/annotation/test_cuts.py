"""Selections of images by name, and how many images each takes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation.cuts import TAU, Cuts, Selection


@pytest.mark.parametrize("text", ["tau", "adaptive", "top-1", "top-40", "top-1000000"])
def test_a_selection_is_read_as_it_is_written(text: str) -> None:
    assert str(Selection.parse(text)) == text


def test_top_alone_is_wwws_forty() -> None:
    assert Selection.parse("top") == Selection("top", 40)


@pytest.mark.parametrize("text", ["", "Tau", "top-0", "top-1000001", "top--3", "top-4.5", "top-٣", "top 40", "40"])
def test_what_is_no_selection_is_refused_with_what_may_be_written(text: str) -> None:
    with pytest.raises(ValueError, match='write "tau"'):
        Selection.parse(text)


def test_a_number_goes_with_top_alone() -> None:
    with pytest.raises(ValueError, match="no selection"):
        Selection("tau", 5)
    with pytest.raises(ValueError, match="no selection"):
        Selection("top")


@pytest.mark.parametrize(
    ("images", "above", "taken"),
    [
        (1200, [0, 1, 39, 40, 61, 80, 81, 1200], [40, 40, 40, 40, 61, 80, 80, 80]),
        (112_120, [0, 3000, 90_000], [40, 3000, 7475]),
        (100, [0, 6, 60], [5, 6, 7]),
        (48, [1, 3, 9], [3, 3, 4]),
        (1, [0, 1], [1, 1]),
    ],
)
def test_an_adaptive_selection_takes_neither_few_nor_many(images: int, above: list[int], taken: list[int]) -> None:
    assert Selection("adaptive").taken(np.array(above), images).tolist() == taken


def test_the_top_images_are_at_most_all() -> None:
    assert Selection("top", 40).taken(np.array([0, 7]), 30).tolist() == [30, 30]
    assert TAU.taken(np.array([0, 7]), 30).tolist() == [0, 7]


def test_the_images_depend_on_alpha_unless_their_number_is_given() -> None:
    top = Selection("top", 9)
    assert Cuts(0.9, 0.5, None, "z", top).reach == Cuts(0.3, 0.9, "set", "score", top).reach
    assert Cuts(0.9, 0.5).reach != Cuts(0.8, 0.5).reach
    with pytest.raises(ValueError, match="ranks no concepts"):
        Cuts(0.9, 0.5, None, "p")  # type: ignore[arg-type]
