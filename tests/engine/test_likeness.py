"""Which names are most like one that does not exist."""

from __future__ import annotations

import difflib

import pytest

from engine.likeness import closest

WORDS = ["effusion", "Effusion", "infusion", "mass", "massive", "nodule", "nodules", "pneumonia", "", "a"]


@pytest.mark.parametrize("name", ["efusion", "mas", "nodul", "x", "", "pneumothorax"])
@pytest.mark.parametrize(("n", "cutoff"), [(1, 0.6), (3, 0.3)])
def test_the_closest_names_are_those_of_difflib(name: str, n: int, cutoff: float) -> None:
    assert closest(name, WORDS, n, cutoff) == difflib.get_close_matches(name, WORDS, n, cutoff)


def test_long_names_are_compared_by_their_beginning() -> None:
    long = "ab" * 500_000
    assert closest(f"{long}x", [f"{long}y", "z" * 1_000_000]) == [f"{long}y"]
