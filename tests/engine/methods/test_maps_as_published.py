"""Network Dissection and TSI beside re-enactments of their published code, on the same maps and masks.

`tally` follows CSAILVision/NetDissect-Lite (feature_operation.py: tally_job and tally; vecquantile.py), `iou` follows
CAMP-eXplain-AI/CheXplain-Dissection (netdissect_results.py: show_seg_results; upsample.py; tally.py), and `table_4`
ailab-kyunghee/MAMMI (med_metric_utils.py: load_files). All are written anew, cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Picture
from torch import Tensor, nn

from engine.evaluation.labels import NO_CONCEPT, LabelScorer
from engine.methods import netdissect, tsi
from engine.methods.context import MethodContext
from engine.methods.outlines import box_corners, inside
from engine.methods.own_films import OwnFilms
from engine.names import compared, labels_of
from engine.probing.base import Box, Image, Polygon
from engine.probing.decoding import decode
from engine.store.records import MethodScore
from tests.support.method_context import FilmsInMemory, method_context

UNITS, FILMS, SIDE = 150, 48, 56
LABELS = ("Air", "Mass", "Pleural_Thickening")
Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]


class Random(nn.Module):
    """150 units that look at 4 × 4 pixels each; a third of them see bright places, the others anything."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, UNITS, 4, stride=4)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            self.maps.weight.copy_(torch.randn(self.maps.weight.shape, generator=generator) / 8)
            self.maps.weight[::3] += torch.rand(len(self.maps.weight[::3]), 1, 1, 1, generator=generator) / 16
            self.maps.bias.zero_()  # type: ignore[union-attr]

    def forward(self, films: Tensor) -> Tensor:
        return self.maps(films)  # type: ignore[no-any-return]


def box(rng: np.random.Generator, label: str) -> Box:
    x, y = rng.integers(0, SIDE - 16, 2)
    width, height = rng.integers(4, 10, 2)
    return Box(label, float(x), float(y), float(width), float(height))


def images(rng: np.random.Generator) -> list[Image]:
    """Two thirds of the films have one or two boxes."""
    found = []
    for number in range(FILMS):
        names = rng.choice(LABELS, number % 3 and rng.integers(1, 3))
        found.append(Image(f"{number:02}.png", boxes=tuple(box(rng, str(name)) for name in names)))
    return found


@cache
def context(seed: int = 0) -> MethodContext:
    rng = np.random.default_rng(seed)
    given = images(rng)
    films = [rng.integers(0, 170, (SIDE, SIDE), dtype=np.uint8) for _ in given]
    for film, image in zip(films, given, strict=True):
        for at in image.boxes:
            film[int(at.y) : int(at.y + at.height), int(at.x) : int(at.x + at.width)] += np.uint8(80)
    return method_context(films, given, Layer(), ["layer.maps"])


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential()
        self.layer.add_module("random", Random())
        self.layer.add_module("maps", nn.Identity())

    def forward(self, films: Tensor) -> Tensor:
        return self.layer(films)  # type: ignore[no-any-return]


def maps_of(context: MethodContext) -> Floats:
    """[films, units, h, w]"""
    films = [context.probing.read(image) for image in context.images]
    inputs = torch.stack([context.target.preprocess(decode(film)) for film in films])
    with torch.inference_mode():
        return context.target.module(inputs).double().numpy()  # type: ignore[no-any-return]


def masks_of(context: MethodContext, side: int) -> Masks:
    """[films, labels, side, side]"""
    masks = np.zeros((len(context.images), len(LABELS), side, side), bool)
    for of_film, image in zip(masks, context.images, strict=True):
        for at in image.boxes:
            of_film[LABELS.index(at.label)] |= inside(corners_of(at) / SIDE, side)
    return masks


def quantile(values: Floats, wanted: float) -> float:
    """What the sketches of both codes give as long as they hold all values: value i of n is the quantile
    (i + 0.5) / n."""
    places = (np.arange(len(values)) + 0.5) / len(values)
    return float(np.interp(wanted, places, np.sort(values)))


def tally(maps: Floats, masks: Masks, categories: Sequence[int], everywhere: bool = False) -> Floats:
    """NetDissect-Lite's IoU [units, labels]. `categories` has the category of each label."""
    side = masks.shape[2]
    readout = np.linspace(0, 1, 1000)[int(1000 * (1 - 0.005) - 1)]
    both = np.zeros((maps.shape[1], masks.shape[1]))
    of_category = np.zeros((maps.shape[1], max(categories) + 1))
    for unit in range(maps.shape[1]):
        threshold = quantile(maps[:, unit].ravel(), readout)
        for film in range(len(maps)):
            if maps[film, unit].max() <= threshold:
                continue
            picture = Picture.fromarray(maps[film, unit].astype(np.float32), mode="F")
            upsampled = np.asarray(picture.resize((side, side), Picture.Resampling.BILINEAR))
            active = upsampled > threshold
            overlap = (masks[film] & active).sum((1, 2))
            both[unit] += overlap
            for category in range(of_category.shape[1]):
                met = sum(overlap[label] for label, own in enumerate(categories) if own == category)
                of_category[unit, category] += active.sum() * (met > 0 or everywhere)
    area = masks.sum((0, 2, 3))
    return both / (of_category[:, list(categories)] + area - both + 1e-10)


def iou(maps: Floats, masks: Masks, side: int) -> Floats:
    """CheXplain-Dissection's IoU [units, 1 + labels], "no class" first. Its grid_sample pads with zeros."""
    high, wide = maps.shape[2:]
    upsampled = np.zeros((*maps.shape[:2], side, side), np.float32)
    for row in range(side):
        y = (row - (side / high * 0.5 - 0.5)) / (side / high)
        for column in range(side):
            x = (column - (side / wide * 0.5 - 0.5)) / (side / wide)
            for down in (int(np.floor(y)), int(np.floor(y)) + 1):
                for across in (int(np.floor(x)), int(np.floor(x)) + 1):
                    if 0 <= down < high and 0 <= across < wide:
                        weight = (1 - abs(y - down)) * (1 - abs(x - across))
                        upsampled[:, :, row, column] += weight * maps[:, :, down, across]
    found = np.zeros((maps.shape[1], 1 + masks.shape[1]))
    for unit in range(maps.shape[1]):
        threshold = quantile(upsampled[:100, unit].ravel().astype(np.float64), 0.99)
        active = upsampled[:, unit] > threshold
        everything = np.ones((len(maps), 1, side, side), bool)
        for label, mask in enumerate(np.concatenate([everything, masks], axis=1).swapaxes(0, 1)):
            met = (active & mask).mean()
            found[unit, label] = met / (active.mean() + mask.mean() - met)
    return found


def table_4(names: Sequence[Sequence[str]], ious: Sequence[Floats]) -> list[str]:
    """The word that MAMMI's table 4 gives each unit, from the label sets COVID-CXR and NIH14, in this order."""
    covid, nih = ious
    words = []
    for of_covid, of_nih in zip(covid, nih, strict=True):
        chosen = 0 if of_covid.max() > of_nih.max() else 1
        best = (of_covid, of_nih)[chosen].argmax()
        word = ("No class", *names[chosen])[best]
        words.append("none" if word.lower() == "no class" else word)
    return words


def scores_of(scores: Sequence[MethodScore], labels: Sequence[str] = LABELS) -> Floats:
    """[units, labels]; 0 where there is no score"""
    found = np.zeros((UNITS, len(labels)))
    for score in scores:
        found[score.unit, labels.index(score.concept)] = score.score
    return found


def corners_of(at: Box) -> Floats:
    return box_corners(at.x, at.y, at.width, at.height)


def outlined(context: MethodContext) -> list[bool]:
    return [bool(image.boxes) for image in context.images]


@pytest.mark.parametrize(
    ("counted_in", "categories", "everywhere"),
    [
        ("images with an overlap", (0, 0, 0), False),
        ("images with an overlap with the label", (0, 1, 2), False),
        ("all labelled images", (0, 0, 0), True),
    ],
)
def test_network_dissection_equals_the_published_tally(
    counted_in: str, categories: tuple[int, ...], everywhere: bool
) -> None:
    """On all 150 units: the same best label, and the same IoU but for the rounding of a sum."""
    run = context()
    labelled = outlined(run)
    expected = tally(maps_of(run)[labelled], masks_of(run, 112)[labelled], categories, everywhere)
    found = scores_of(netdissect.compute(netdissect.Options(counted_in=counted_in), run))  # type: ignore[arg-type]
    assert (expected.max(1) > 0).sum() > 100
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_the_ways_of_counting_differ_on_these_maps() -> None:
    run = context()
    ways = ("images with an overlap", "images with an overlap with the label", "all labelled images")
    any_label, the_label, everywhere = (
        scores_of(netdissect.compute(netdissect.Options(counted_in=way), run))  # type: ignore[arg-type]
        for way in ways
    )
    assert (everywhere <= any_label + 1e-12).all()
    assert (any_label <= the_label + 1e-12).all()
    assert (np.abs(any_label - everywhere).max(1) > 1e-5).sum() > 80


@pytest.mark.slow
def test_tsi_equals_the_published_iou() -> None:
    run = context()
    labelled = outlined(run)
    expected = iou(maps_of(run)[labelled], masks_of(run, 56)[labelled], 56)
    scores = tsi.compute(tsi.Options(), run)
    found = scores_of(scores, (tsi.NO_CLASS, *LABELS))
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    edges = scores_of(tsi.compute(tsi.Options(border="edge"), run), (tsi.NO_CLASS, *LABELS))
    assert np.abs(edges - expected).max() > 0.003


def words(options: tsi.Options, scores: Sequence[MethodScore]) -> list[str]:
    """What the evaluation compares with each unit's label: its annotation, or "none"."""
    found = []
    for unit in range(UNITS):
        own = sorted((score for score in scores if score.unit == unit), key=lambda score: -score.score)
        annotation = tsi.annotation(options, own)
        assert bool(annotation) != bool(tsi.nothing(options, own) or not own)
        found.append(annotation[0].concept if annotation else NO_CONCEPT)
    return found


@pytest.mark.slow
def test_the_word_of_two_label_sets_is_that_of_table_4() -> None:
    """Boxes stand for NIH14, and films of their own with other labels for COVID-CXR."""
    run, others = context(), context(seed=1)
    renamed = [
        Image(image.path, boxes=tuple(Box(f"{at.label} 2", at.x, at.y, at.width, at.height) for at in image.boxes))
        for image in others.images
    ]
    films = FilmsInMemory([decode(others.probing.read(image)) for image in others.images], renamed)
    options = tsi.Options(cut=0, label_set=OwnFilms(kind="phantom"))
    scores = tsi.compute(options, replace(run, own_films=films))
    ious = [iou(maps_of(of)[outlined(of)], masks_of(of, 56)[outlined(of)], 56) for of in (others, run)]
    expected = table_4(([f"{label} 2" for label in LABELS], LABELS), ious)
    assert words(options, scores) == expected
    assert {score.detail for score in scores} == {"boxes", "phantom"}
    assert min(expected.count(word) for word in ("none", "Mass", "Mass 2")) > 0


def test_equal_label_sets_leave_the_first() -> None:
    """As `covid[3] > nih[3]` leaves NIH14."""
    run = context()
    images = [
        replace(image, polygons=tuple(Polygon(at.label, tuple(map(tuple, corners_of(at)))) for at in image.boxes))
        for image in run.images
    ]
    scores = tsi.compute(tsi.Options(), replace(run, images=tuple(images)))
    assert {score.detail for score in scores} == {"boxes"}


def test_without_no_class_a_label_always_wins() -> None:
    run = context()
    options = tsi.Options(cut=0, no_class=False)
    scores = tsi.compute(options, run)
    assert all(score.concept in LABELS for score in scores)
    silent = words(options, scores).count(NO_CONCEPT)  # units that meet no label
    assert silent < words(tsi.Options(cut=0), tsi.compute(tsi.Options(cut=0), run)).count(NO_CONCEPT)


@pytest.mark.parametrize("name", ["Pleural_Thickening", "Pleural Thickening", "pleural thickening"])
def test_pleural_thickening_hits_its_label(name: str) -> None:
    """The published evaluation compares "pleural_thickening" with "pleural thickening"."""
    scorer = LabelScorer([labels_of("Pleural_Thickening")])
    assert scorer.score([[compared(name)]]).hit_rate.mean == 1
