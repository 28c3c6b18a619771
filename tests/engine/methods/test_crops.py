"""Crops are the largest box in the Grad-CAM map, and lie on the film where the box lies on the input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.methods.crops import active_boxes, grad_cam, on_film
from engine.methods.placement import Placement, Placements
from engine.targets.maps import MapTaps
from tests.support.models import TinyClassifier

FILMS = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def _by_gradients(maps: Tensor, activations: Tensor, units: Sequence[int]) -> Tensor:
    """Grad-CAM as it is defined, from maps [n, k, h, w] that the activations [n, units] were computed from."""
    (gradient,) = torch.autograd.grad(activations[:, list(units)].sum(), maps)
    return torch.relu((gradient.mean((2, 3), keepdim=True) * maps).sum(1)).detach()


@pytest.mark.parametrize("layer", ["second", "penultimate", "logits"])
def test_grad_cam_needs_no_gradients(layer: str) -> None:
    torch.manual_seed(0)
    module = TinyClassifier(3).eval()
    groups = [[0], [2], [0, 2]]
    members = torch.zeros(3, 3 if layer == "logits" else 6)
    for place, units in enumerate(groups):
        members[place, units] = 1
    found = []
    for units in groups:
        fresh = module.second(module.relu(module.first(FILMS)))
        pooled = fresh.mean((2, 3))
        found.append(_by_gradients(fresh, module.classifier(pooled) if layer == "logits" else pooled, units))
    with MapTaps(module, [layer], "auto", bias=False) as taps, torch.inference_mode():
        given = taps.forward(FILMS)[layer]
    for image in range(3):
        heat = grad_cam(given[image], members)
        for place in range(3):
            torch.testing.assert_close(heat[place] / FILMS[0].numel(), found[place][image])


def test_class_activation_maps_keep_their_bias_elsewhere() -> None:
    torch.manual_seed(0)
    module = TinyClassifier(3).eval()
    maps = {}
    for bias in (True, False):
        with MapTaps(module, ["logits"], "auto", bias=bias) as taps, torch.inference_mode():
            maps[bias] = taps.forward(FILMS)["logits"]
    difference = (maps[True] - maps[False]).mean((0, 2, 3))
    torch.testing.assert_close(difference, module.classifier.bias.detach())


def test_the_box_holds_the_largest_island_of_active_pixels() -> None:
    heat = torch.zeros(2, 8, 8)
    heat[0, 1:3, 1:3] = 1.0
    heat[0, 5:8, 4:8] = 0.7
    heat[0, 3, 3] = 0.9
    heat[1, 0, 0] = 2.0
    assert active_boxes(heat, 8, 8, 0.6) == [(4, 5, 8, 8), (0, 0, 1, 1)]
    assert active_boxes(heat, 8, 8, 0.8)[0] == (1, 1, 3, 3)


def test_a_map_without_a_highest_value_has_no_box() -> None:
    assert active_boxes(torch.zeros(1, 4, 4), 16, 16, 0.6) == [None]
    assert active_boxes(torch.full((1, 4, 4), 3.0), 16, 16, 0.6) == [None]


def test_a_map_is_upsampled_to_the_input_first() -> None:
    heat = torch.zeros(70, 2, 2)
    heat[:, 0, 1] = 1.0
    boxes = active_boxes(heat, 40, 80, 0.6)
    assert len(boxes) == 70
    assert set(boxes) == {boxes[0]}
    left, top, right, bottom = boxes[0] or (0, 0, 0, 0)
    assert (top, right) == (0, 80)
    assert 40 < left < 60
    assert 10 < bottom < 20


@pytest.mark.parametrize("film", [(100, 60), (31, 33)])
def test_a_box_lies_on_the_film_where_it_lies_on_the_input(film: tuple[int, int]) -> None:
    """The input is the film's middle half, mirrored from left to right, at 20 × 20 pixels."""
    height, width = film

    def preprocess(pixels: np.ndarray) -> Tensor:
        top, left = height // 4, width // 4
        middle = torch.from_numpy(pixels[top : 3 * height // 4, left : 3 * width // 4].astype(np.float32))
        return nn.functional.interpolate(middle[None, None].flip(3), size=(20, 20), mode="bilinear")[0]

    placement = Placements(preprocess).of(height, width)
    edges = (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
    assert on_film((0, 0, 20, 20), 20, 20, placement, film) == pytest.approx(edges, abs=1)
    quarter = edges[1] + (edges[3] - edges[1]) / 4
    expected = ((edges[0] + edges[2]) / 2, edges[1], edges[2], quarter)
    assert on_film((0, 0, 10, 5), 20, 20, placement, film) == pytest.approx(expected, abs=1)


def test_a_box_on_the_film_is_inside_it_and_has_a_pixel() -> None:
    beside = Placement((0.02, 0.02), (-0.9, 0.9))
    assert on_film((0, 0, 4, 4), 8, 8, beside, (20, 30)) == (29, 0, 30, 1)
    whole = Placement.whole(8, 8)
    assert on_film((2, 3, 5, 7), 8, 8, whole, (8, 8)) == (2, 3, 5, 7)
