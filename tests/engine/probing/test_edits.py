"""Edits of films: what they change, and what they leave."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.probing.base import Box
from engine.probing.edits import blurred_outside, inpainted, with_marker

BOX = Box("Mass", 30, 20, 24, 16)
INSIDE = (slice(20, 36), slice(30, 54))


def ramp() -> NDArray[np.uint8]:
    """A film [96, 120] that grows brighter to the right and downwards."""
    down, across = np.mgrid[:96, :120]
    return (20 + across + 0.5 * down).astype(np.uint8)


def outside() -> NDArray[np.bool_]:
    mask = np.ones((96, 120), dtype=bool)
    mask[INSIDE] = False
    return mask


def test_a_spot_is_painted_over_with_what_is_around_it() -> None:
    film = ramp()
    spotted = film.copy()
    spotted[24:32, 36:48] = 255
    painted = inpainted(spotted, [BOX])
    np.testing.assert_array_equal(painted[outside()], film[outside()])
    assert abs(painted[INSIDE].astype(int) - film[INSIDE]).max() <= 6
    np.testing.assert_array_equal(painted, inpainted(spotted, [BOX]))


@pytest.mark.parametrize(
    "box",
    [Box("a", 0, 0, 40, 30), Box("a", 90, 60, 60, 80), Box("a", -5, -5, 200, 200), Box("a", 3, 3, 0.5, 0.5)],
)
def test_boxes_at_the_edge_and_of_no_size_are_painted_without_an_error(box: Box) -> None:
    assert inpainted(ramp(), [box]).shape == (96, 120)


def test_only_the_box_stays_sharp() -> None:
    film = np.random.default_rng(0).integers(0, 255, (96, 120), dtype=np.uint8)
    blurred = blurred_outside(film, [BOX])
    np.testing.assert_array_equal(blurred[INSIDE], film[INSIDE])
    far = blurred[60:, 70:]
    assert far.std() < 0.2 * film[60:, 70:].std()


@pytest.mark.parametrize(("left", "columns"), [(True, slice(100, 120)), (False, slice(0, 20))])
def test_a_marker_is_pasted_into_its_corner(left: bool, columns: slice) -> None:
    film = ramp()
    marked = with_marker(film, "L" if left else "R", left)
    changed = marked != film
    assert changed[:20, columns].any()
    changed[:20, columns] = False
    assert not changed.any()
