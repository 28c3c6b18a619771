"""The unit of a layer whose strongest images are the most alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from engine.annotation.image_sets import ImageSets
from engine.evidence.redundancy import Redundancy

IMAGES = 1000


def _of(*sets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *map(len, sets)])
    held = ImageSets(np.concatenate(sets).astype(np.int32), starts)
    layer = cast(Any, SimpleNamespace(position=0, units=len(sets)))
    requery = cast(Any, SimpleNamespace(strongest=lambda *_: held))
    return Redundancy(requery, IMAGES).of(layer, np.arange(len(sets)))


def test_the_unit_that_shares_most_images_is_named_with_the_share() -> None:
    cosines, others = _of(np.arange(50), np.arange(10, 60), np.arange(40, 90), np.arange(500, 550))
    assert cosines == pytest.approx([0.8, 0.8, 0.4, 0.0])
    assert others.tolist() == [1, 0, 1, -1]


def test_sets_of_unequal_size_have_the_cosine() -> None:
    cosines, others = _of(np.arange(50), np.arange(8), np.arange(0))
    assert cosines == pytest.approx([8 / np.sqrt(50 * 8)] * 2 + [0.0])
    assert others.tolist() == [1, 0, -1]


def test_layers_of_many_units_are_compared_in_parts() -> None:
    rng = np.random.default_rng(0)
    sets = [rng.choice(IMAGES, 50, replace=False) for _ in range(150)]
    cosines, others = _of(*sets)
    for unit in (0, 63, 64, 149):
        shared = [len(np.intersect1d(sets[unit], other)) for other in sets]
        shared[unit] = 0
        assert (cosines[unit], others[unit]) == (pytest.approx(max(shared) / 50), int(np.argmax(shared)))


def test_a_small_probing_set_has_none() -> None:
    redundancy = Redundancy(cast(Any, None), 15)
    cosines, others = redundancy.of(cast(Any, SimpleNamespace(position=0, units=3)), np.arange(3))
    assert np.isnan(cosines).all()
    assert others.tolist() == [-1] * 3
