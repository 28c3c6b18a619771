"""The outline of a mask holds exactly its pixels."""

from __future__ import annotations

import numpy as np
import pytest

from engine.methods.outlines import inside
from engine.probing.masks import outline


@pytest.mark.parametrize("share", [0.03, 0.3, 0.5, 0.7, 1.0])
def test_the_inside_of_the_outline_is_the_mask(share: float) -> None:
    """Also for masks of many parts, with holes, and with pixels that touch at a corner."""
    rng = np.random.default_rng(0)
    for side in [*range(1, 12), 23]:
        for _ in range(10):
            mask = rng.random((side, side)) < share
            points = outline(mask)
            found = inside(np.array(points).reshape(-1, 2) / side, side) if points else np.zeros_like(mask)
            np.testing.assert_array_equal(found, mask)


def test_a_rectangle_has_four_corners_at_its_place() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:5, 3:8] = True
    assert set(outline(mask, left=10, top=20)) == {(13.0, 22.0), (18.0, 22.0), (18.0, 25.0), (13.0, 25.0)}
    assert outline(np.zeros((4, 4), bool)) == ()
    assert outline(np.zeros((0, 4), bool)) == ()
