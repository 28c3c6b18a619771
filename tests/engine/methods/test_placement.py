"""Boxes and polygons lie where preprocessing puts the film's pixels on the model's input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import ConfigError, MammiError
from engine.methods.outlines import box_corners, inside
from engine.methods.placement import Placements
from engine.targets.preprocessing import Preprocessing
from engine.weights.embedded.inputs import network_input
from tests.support.method_context import grey

Preprocess = Callable[[NDArray[np.uint8]], Tensor]


def mirrored(film: NDArray[np.uint8]) -> Tensor:
    return grey(film).flip(2)


def letterboxed(film: NDArray[np.uint8]) -> Tensor:
    """The film in the middle of a black square."""
    side = max(film.shape)
    top, left = (side - film.shape[0]) // 2, (side - film.shape[1]) // 2
    square = torch.zeros(1, side, side)
    square[:, top : top + film.shape[0], left : left + film.shape[1]] = grey(film)
    return square


@pytest.mark.parametrize(
    ("preprocess", "size", "box"),
    [
        (Preprocessing(), (1024, 1024), (300, 200, 300, 400)),
        (Preprocessing(), (1200, 900), (400, 500, 200, 300)),
        (Preprocessing(interpolation="bicubic", size=300, crop=299), (700, 1000), (400, 200, 300, 300)),
        (network_input, (256, 256), (40, 60, 100, 120)),
        (network_input, (640, 512), (100, 150, 200, 120)),
        (mirrored, (64, 80), (10, 12, 20, 30)),
        (letterboxed, (60, 90), (20, 10, 30, 40)),
    ],
)
def test_a_box_lies_where_its_pixels_went(
    preprocess: Preprocess, size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    x, y, width, height = box
    film = np.full(size, 64, np.uint8)
    film[y : y + height, x : x + width] = 192
    seen = preprocess(film)[0].numpy()
    expected = seen > (seen.max() + seen[: seen.shape[0] // 3, : seen.shape[1] // 3].min()) / 2
    corners = Placements(preprocess).of(*size).place(box_corners(x, y, width, height))
    rows, columns = np.flatnonzero(expected.any(1)), np.flatnonzero(expected.any(0))
    edges = np.array([columns[0], columns[-1] + 1, rows[0], rows[-1] + 1], dtype=float)
    edges /= np.repeat(seen.shape[::-1], 2)
    placed = np.array([corners[:, 0].min(), corners[:, 0].max(), corners[:, 1].min(), corners[:, 1].max()])
    np.testing.assert_allclose(placed, edges, atol=0.7 / min(seen.shape))


def test_torchxrayvisions_crop_and_scale() -> None:
    pytest.importorskip("torchxrayvision")
    from engine.targets.models.torchxrayvision import LibraryPreprocessing

    placed = Placements(LibraryPreprocessing(224)).of(800, 1000)  # the square at the centre: columns 100 to 900
    np.testing.assert_allclose(placed.place(box_corners(100, 0, 800, 800)), box_corners(0, 0, 1, 1), atol=0.003)


def test_each_film_size_is_measured_once() -> None:
    calls = []

    def counted(film: NDArray[np.uint8]) -> Tensor:
        calls.append(film.shape)
        return grey(film)

    placements = Placements(counted)
    assert placements.of(40, 50) == placements.of(40, 50)
    assert len(calls) == 6
    placements.of(50, 40)
    assert len(calls) == 12


def turned(film: NDArray[np.uint8]) -> Tensor:
    return grey(film).transpose(1, 2)


def bent(film: NDArray[np.uint8]) -> Tensor:
    """Compresses columns the more, the further right they are."""
    columns = (np.linspace(0, 1, 256) ** 3 * (film.shape[1] - 1)).astype(int)
    return grey(np.ascontiguousarray(film[:, columns]))


@pytest.mark.parametrize("preprocess", [turned, bent, lambda _: torch.zeros(1, 8, 8)])
def test_only_a_scale_and_a_crop_are_accepted(preprocess: Preprocess) -> None:
    with pytest.raises(ConfigError, match="is not a scale and a crop"):
        Placements(preprocess).of(64, 64)


def test_a_failing_preprocessing_is_reported() -> None:
    with pytest.raises(MammiError, match="two grey levels failed"):
        Placements(lambda film: grey(film)[5]).of(64, 64)


def test_cells_inside_an_outline() -> None:
    box = inside(box_corners(0.25, 0.5, 0.5, 0.25), 8)
    expected = np.zeros((8, 8), bool)
    expected[4:6, 2:6] = True
    np.testing.assert_array_equal(box, expected)
    triangle = inside(np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]), 50)
    assert triangle.mean() == pytest.approx(0.5, abs=0.02)
    assert triangle[0, 40]
    assert not triangle[40, 40]
    beyond = inside(box_corners(-1, -1, 1.5, 1.5), 8)  # partly cropped away
    assert beyond[:4, :4].all()
    assert beyond.sum() == 16
    assert not inside(box_corners(2, 2, 1, 1), 8).any()


def test_a_concave_outline() -> None:
    arrow = np.array([(0.1, 0.1), (0.5, 0.5), (0.9, 0.1), (0.5, 0.95)])
    cells = inside(arrow, 100)
    assert cells[60, 50]
    assert not cells[20, 50]
    area = 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(arrow, np.roll(arrow, -1, 0), strict=True)))
    assert cells.mean() == pytest.approx(area, abs=0.005)
