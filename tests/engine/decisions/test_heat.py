"""Where a map is strongest, and how much of that lies inside outlines: closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engine.decisions import heat
from engine.probing.base import Box, Polygon


def test_a_map_is_interpolated_between_the_centres_of_its_cells_and_goes_on_beyond() -> None:
    np.testing.assert_allclose(heat.upsampled(np.array([[0.0, 4.0]]), 1, 4), [[0, 1, 3, 4]])
    np.testing.assert_allclose(
        heat.upsampled(np.array([[0.0], [4.0]]), 4, 2), np.array([[0, 0], [1, 1], [3, 3], [4, 4]])
    )
    values = np.random.default_rng(0).normal(size=(5, 7))
    np.testing.assert_allclose(heat.upsampled(values, 5, 7), values)


def test_it_is_upsampled_as_the_dissection_methods_do() -> None:
    torch = pytest.importorskip("torch")
    upsampling = pytest.importorskip("engine.methods.upsampling")
    values = np.random.default_rng(1).normal(size=(4, 4))
    theirs = upsampling.upsample(torch.from_numpy(values)[None], 24, "edge")[0].numpy()
    np.testing.assert_allclose(heat.upsampled(values, 24, 24), theirs, atol=1e-12)


def test_the_strongest_decile_is_a_tenth_of_the_cells_and_what_equals_it() -> None:
    values = np.arange(100.0).reshape(10, 10)
    mask = heat.strongest(values, 10, 10)
    np.testing.assert_array_equal(np.flatnonzero(mask), np.arange(90, 100))
    values[:] = values.clip(0, 80)
    assert heat.strongest(values, 10, 10).sum() == 20, "cells as strong as the weakest of them belong to it"


@pytest.mark.parametrize("values", [np.ones((4, 4)), np.full((4, 4), np.nan), np.array([[0, np.inf], [1, 2]])])
def test_nothing_stands_out_on_a_flat_map_or_one_without_numbers(values: np.ndarray) -> None:
    mask = heat.strongest(values, 8, 8)
    assert not mask.any()
    assert heat.shares_inside(mask, {"Mass": np.ones((8, 8), bool)}) == {}
    assert heat.places(mask) == ()


def test_the_part_that_the_model_sees_is_what_its_preprocessing_cuts_out() -> None:
    cropped = {"kind": "torchvision", "preprocessing": {"size": 256, "crop": 128}}
    assert heat.seen_part(cropped, 100, 200) == (slice(25, 75), slice(75, 125))
    assert heat.seen_part({"kind": "torchxrayvision"}, 100, 200) == (slice(0, 100), slice(50, 150))
    assert heat.seen_part({"kind": "demo"}, 100, 200) == (slice(0, 100), slice(0, 200))


def test_a_map_over_a_part_leaves_the_rest_of_the_film_untouched() -> None:
    part = slice(4, 8), slice(0, 4)
    mask = heat.strongest(np.array([[0.0, 1.0], [2.0, 3.0]]), 8, 8, part)
    assert mask.sum() == 2, "a decile of the part's 16 cells"
    assert mask[part].sum() == 2
    assert mask[7, 3]


def test_the_share_inside_is_that_of_the_masks_cells() -> None:
    mask = np.zeros((10, 10), bool)
    mask[0:2, 0:5] = True
    boxes = [Box("Mass", 0, 0, 300, 100), Box("Effusion", 400, 0, 100, 1000), Box("Mass", 300, 0, 100, 100)]
    outlines = heat.outlined(boxes, [], (1000, 1000), 10, 10)
    assert heat.shares_inside(mask, outlines) == {"Mass": 0.4, "Effusion": 0.2}
    assert list(heat.shares_inside(mask, outlines)) == ["Mass", "Effusion"], "the largest first"
    assert heat.shares_inside(mask, {}) == {}


def test_a_polygon_holds_the_cells_whose_centres_it_surrounds() -> None:
    triangle = Polygon("Nodule", ((0.0, 0.0), (8.0, 0.0), (0.0, 8.0)))
    inside = heat.outlined([Box("left out", 0, 0, 8, 8)], [triangle], (8, 8), 8, 8)
    assert list(inside) == ["Nodule"]
    rows, columns = np.mgrid[0:8, 0:8] + 0.5
    np.testing.assert_array_equal(inside["Nodule"], rows + columns < 8)
    broken = Polygon("Nodule", ((np.nan, 1.0), (1.0, np.inf)))
    assert not heat.outlined([], [broken], (8, 8), 8, 8)["Nodule"].any()


@pytest.mark.parametrize(
    ("rows", "columns", "name"),
    [
        (slice(0, 2), slice(0, 2), "upper left"),
        (slice(4, 5), slice(4, 5), "centre"),
        (slice(7, 9), slice(3, 6), "lower centre"),
        (slice(3, 6), slice(8, 9), "middle right"),
    ],
)
def test_a_place_is_named_as_the_film_hangs(rows: slice, columns: slice, name: str) -> None:
    mask = np.zeros((9, 9), bool)
    mask[rows, columns] = True
    assert heat.places(mask) == (name,)


def test_both_sides_of_a_film_are_named() -> None:
    mask = np.zeros((9, 9), bool)
    mask[3:6, 0:3] = mask[4:6, 6:9] = True
    assert heat.places(mask) == ("middle left", "middle right")
