"""Network Dissection and TSI on models with given maps."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import ConfigError
from engine.methods import dissection, netdissect, tsi
from engine.methods.context import MethodContext
from engine.methods.outlines import finest
from engine.methods.top_values import TopValues
from engine.probing.base import Box, Image, Polygon
from engine.store.records import MethodScore
from tests.support.method_context import Notes, in_batches_of, method_context

SIDE = 32


class Seeing(nn.Module):
    """Maps of two units, each cell the mean of 4 × 4 pixels: the film, and the inverted film."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, 2, 4, stride=4, bias=False)
        nn.init.constant_(self.maps.weight, 1 / 16)
        with torch.no_grad():
            self.maps.weight[1] *= -1
        self.classifier = nn.Linear(2, 2, bias=False)
        nn.init.eye_(self.classifier.weight)

    def forward(self, films: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.maps(films).mean((2, 3)))
        return logits


def film(x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
    film = np.full((SIDE, SIDE), 100, np.uint8)
    film[y : y + height, x : x + width] = 200
    return film


def corners(x: float, y: float, width: float, height: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def context(*, boxes: bool = True, polygons: bool = False) -> MethodContext:
    """Bright squares on the left are outlined as a mass; dark squares on the right are outlined as air."""
    places = [(4, 4 * row, 8, 8) for row in range(1, 6)]
    images = [
        Image(
            f"{row}.png",
            labels=("Mass", "Air"),
            boxes=(Box("Mass", *place), Box("Air", 24, 8, 4, 8)) if boxes else (),
            polygons=(Polygon("Mass", corners(*place)),) if polygons else (),
        )
        for row, place in enumerate(places)
    ]
    films = [film(*place) for place in places]
    films.append(film(16, 16, 12, 12))
    images.append(Image("unmarked.png", labels=("Mass",)))
    return method_context(films, images, Seeing(), ["maps", "classifier"], ["Bright", "Dark"])


def of(scores: list[MethodScore], layer: str, unit: int) -> list[tuple[str, float]]:
    return [(score.concept, score.score) for score in scores if (score.layer, score.unit) == (layer, unit)]


def test_iou_over_the_whole_set_has_its_closed_form() -> None:
    """On a grid as fine as the maps nothing is interpolated; cells are counted by hand.

    Of 6 × 64 cells 5 × 4 + 9 = 29 are bright; the quantile leaves the 29 greatest, so a film's bright cells are active.
    """
    scores = netdissect.compute(netdissect.Options(quantile=1 - 29 / 384, side=8), context())
    assert of(scores, "maps", 0) == [("Mass", 1.0)]
    assert of(scores, "classifier", 0) == [("Mass", 1.0)]  # class activation maps
    # all cells that are not bright have one value, which is the quantile: none of them lies above it
    assert of(scores, "maps", 1) == []


def test_a_unit_that_also_fires_beside_its_label() -> None:
    """The threshold is the dark grey, so that all bright cells of the interpolated maps are active."""
    marked = context()
    options = netdissect.Options(quantile=0.9, side=SIDE)
    scores = {score.concept: score.score for score in netdissect.compute(options, marked) if score.unit == 0}
    active = np.zeros((5, SIDE, SIDE), bool)
    for row in range(5):
        maps = torch.from_numpy(film(4, 4 * (row + 1), 8, 8).astype(np.float32) / 255)
        pooled = nn.functional.avg_pool2d(maps[None, None], 4)
        smooth = nn.functional.interpolate(pooled, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        active[row] = (smooth > 100 / 255 + 1e-6)[0, 0].numpy()
    mass = np.stack([film(4, 4 * (row + 1), 8, 8) == 200 for row in range(5)])
    assert scores["Mass"] == pytest.approx((active & mass).sum() / (active | mass).sum(), abs=0.01)
    assert "Air" not in scores


@pytest.mark.parametrize("module", [netdissect, tsi])
def test_the_batch_size_does_not_matter(module: object) -> None:
    whole = context()
    options = module.Options(quantile=0.9)  # type: ignore[attr-defined]
    scores = module.compute(options, whole)  # type: ignore[attr-defined]
    assert scores
    for size in (1, 2, 5):
        assert module.compute(options, in_batches_of(whole, size)) == scores  # type: ignore[attr-defined]


def test_polygons_stand_in_for_the_boxes_of_their_label() -> None:
    image = Image(
        "a.png",
        boxes=(Box("Mass", 0, 0, 4, 4), Box("Air", 8, 8, 4, 4)),
        polygons=(Polygon("Mass", ((0, 0), (4, 0), (0, 4))),),
    )
    outlines = finest(image)
    assert [(label, len(at)) for label, at in outlines] == [("Mass", 3), ("Air", 4)]


def test_tsi_takes_the_label_set_with_the_higher_iou() -> None:
    both = context(polygons=True)
    images = tuple(
        Image(image.path, boxes=tuple(Box("Wide", 0, 0, SIDE, SIDE) for _ in image.boxes), polygons=image.polygons)
        for image in both.images
    )
    marked = method_context(
        [film(4, 4 * row, 8, 8) for row in range(1, 6)],
        images[:5],
        Seeing(),
        ["maps", "classifier"],
        ["Bright", "Dark"],
    )
    scores = [score for score in tsi.compute(tsi.Options(quantile=0.9), marked) if score.unit == 0]
    assert {(score.concept, score.detail) for score in scores} == {("Mass", "polygons"), (tsi.NO_CLASS, "polygons")}
    alone = [score for score in tsi.compute(tsi.Options(quantile=0.9), context()) if score.unit == 0]
    assert {score.detail for score in alone} == {"boxes"}


@pytest.mark.parametrize("module", [netdissect, tsi])
def test_the_annotation_is_the_best_above_the_cut(module: object) -> None:
    rows = [MethodScore("maps", 0, "Mass", 0.3), MethodScore("maps", 0, "Air", 0.1)]
    assert module.annotation(module.Options(), rows) == rows[:1]  # type: ignore[attr-defined]
    assert module.annotation(module.Options(cut=0.3), rows) == []  # type: ignore[attr-defined]
    assert module.annotation(module.Options(), []) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [netdissect, tsi])
def test_missing_boxes_or_maps_are_reported_in_one_line(module: object) -> None:
    with pytest.raises(ConfigError, match="has no boxes or polygons") as caught:
        module.compute(module.Options(), context(boxes=False))  # type: ignore[attr-defined]
    assert len(str(caught.value).splitlines()) == 1

    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.all = nn.Linear(SIDE * SIDE, 2)

        def forward(self, films: Tensor) -> Tensor:
            return self.all(films.flatten(1))  # type: ignore[no-any-return]

    flat = method_context([film(4, 4, 8, 8)], [Image("a.png", boxes=(Box("Mass", 4, 4, 8, 8),))], Flat(), ["all"])
    with pytest.raises(ConfigError, match=re.escape("none of target.layers has activation maps (all)")):
        module.compute(module.Options(), flat)  # type: ignore[attr-defined]


def test_a_layer_without_maps_is_left_out_with_a_note() -> None:
    class Half(Seeing):
        def forward(self, films: Tensor) -> Tensor:
            return torch.sigmoid(super().forward(films)).square()

    images = [Image("a.png", boxes=(Box("Mass", 4, 4, 8, 8),))]
    marked = method_context([film(4, 4, 8, 8)], images, Half(), ["maps", "logits"])
    scores = netdissect.compute(netdissect.Options(quantile=0.9), marked)
    assert {score.layer for score in scores} == {"maps"}
    assert isinstance(marked.progress, Notes)
    assert marked.progress.notes == ["netdissect: no scores for layers without activation maps: logits"]


def test_the_model_is_left_as_it_was() -> None:
    marked = context()
    module = marked.target.module
    netdissect.compute(netdissect.Options(), marked)
    assert not module.training
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99, 0.995])
def test_the_threshold_is_the_quantile_of_all_values(quantile: float) -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(70, 3, 49, generator=generator)
    top = TopValues(quantile, 3, 70, 49, kept=10**6)
    for image, of_image in enumerate(values):
        top.add(image, of_image)
    whole = values.movedim(1, 0).flatten(1)
    expected = np.quantile(whole.double().numpy(), quantile, axis=1, method="hazen")
    np.testing.assert_allclose(top.threshold().numpy(), expected, rtol=1e-7)


@pytest.mark.parametrize("quantile", [0.5, 0.99])
def test_no_value_exceeds_a_threshold_by_rounding(quantile: float) -> None:
    """Half of the values are one value but for rounding, as those of black borders; the quantile is among them."""
    noise = torch.rand(50, 1, 100, generator=torch.Generator().manual_seed(0)) * 2e-6
    values = torch.where(torch.arange(100) < 45, 0.3, 0.7 + noise)
    values[:, :, 99] += 1
    top = TopValues(quantile, 1, 50, 100, kept=10**6)
    for image, of_image in enumerate(values):
        top.add(image, of_image)
    above = (values.flatten() > top.threshold()).sum()
    assert above == 50


def test_a_threshold_in_bounded_memory_is_close() -> None:
    values = torch.rand(400, 2, 400, generator=torch.Generator().manual_seed(1))
    top = TopValues(0.99, 2, 400, 400, kept=800)
    assert top.sampled == 100
    for image, of_image in enumerate(values):
        top.add(image, of_image)
    assert max(part.shape[1] for part in top._parts) <= 800
    shares = (values.movedim(1, 0).flatten(1) > top.threshold()[:, None]).double().mean(1)
    error = (0.99 * 0.01 / 40_000) ** 0.5
    np.testing.assert_allclose(shares.numpy(), 0.01, atol=4 * error)


def test_many_units_are_upsampled_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = netdissect.compute(netdissect.Options(quantile=0.5), context())
    monkeypatch.setattr(dissection, "_CELLS_AT_ONCE", 1)
    assert netdissect.compute(netdissect.Options(quantile=0.5), context()) == whole


@pytest.mark.parametrize("module", [netdissect, tsi])
def test_too_few_values_for_the_quantile_are_told(module: object, caplog: pytest.LogCaptureFixture) -> None:
    module.compute(module.Options(quantile=0.9999999), context())  # type: ignore[attr-defined]
    name = module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    (told,) = caplog.messages
    assert told.startswith(f"methods.{name}: the maps of 5 images have too few values for the quantile 0.9999999")
    assert "so no cell is active in maps, classifier. Take more images" in told
    caplog.clear()
    module.compute(module.Options(quantile=0.9), context())  # type: ignore[attr-defined]
    assert not caplog.messages
