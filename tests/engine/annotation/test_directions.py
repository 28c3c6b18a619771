"""The directions of concepts: float64 where asked for, equal ones grouped."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation import directions as module
from engine.annotation.competing import Competing
from engine.annotation.directions import Directions, first_equal
from engine.annotation.scoring import concept_directions, score_mean, unit_rows


@pytest.mark.parametrize("wide", [1 << 21, 0])
def test_rows_and_products_are_those_of_the_pure_functions(wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WIDE", wide)
    monkeypatch.setattr(module, "_CACHED_ROWS", 7)
    monkeypatch.setattr(module, "_ROWS", 5)
    rng = np.random.default_rng(0)
    texts, bare = rng.normal(size=(30, 12)).astype(np.float32), rng.normal(size=12).astype(np.float32)
    texts[9], texts[20] = 0.0, texts[3]
    expected, found = concept_directions(texts, bare), Directions(texts, unit_rows(bare))
    mean = rng.normal(size=12)
    for rows in (3, np.s_[2:11], np.array([4, 4, 0]), np.s_[:]):
        np.testing.assert_array_equal(found[rows], expected[rows])
    np.testing.assert_array_equal(found.narrow, expected.astype(np.float32))
    np.testing.assert_allclose(found.products(mean), score_mean(mean, expected), rtol=0, atol=1e-14)
    assert found.products(mean)[20] == found.products(mean)[3]
    some = found.chosen(np.array([5, 2, 9]))
    np.testing.assert_array_equal(some[1:], expected[[2, 9]])
    np.testing.assert_allclose(some.lengths, np.linalg.norm(expected[[5, 2, 9]], axis=1), rtol=1e-15)


def test_equal_rows_are_found_whatever_their_order() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(-1, 2, size=(300, 3)).astype(np.float64) * 0.5
    rows[rows == 0] *= rng.choice([-1.0, 1.0], np.count_nonzero(rows == 0))
    members = rng.permutation(300)[:200]
    found = first_equal(rows, members)
    for place, member in enumerate(members):
        assert found[place] == np.flatnonzero((rows[members] == rows[member]).all(axis=1))[0]


def test_concepts_with_one_direction_stand_under_the_first() -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    competing = Competing.of(rows, np.array([3, 2, 1, 0]))
    assert competing.first.tolist() == [3, 2, 1]
    assert competing.sizes.tolist() == [1, 2, 1]
    assert competing.rows.tolist() == [0, 1, 2, 1]
