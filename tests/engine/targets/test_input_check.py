"""Mistakes in films and preprocessing are told by their likely cause, and nothing is told where all is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.probing.decoding import decode
from engine.probing.phantom.probing_set import Options, load
from engine.run.loading import input_statistics
from engine.store import thumbnails
from engine.targets.input_check import corner_excess, likely_mistakes, sampled
from engine.targets.preprocessing import Preprocessing
from engine.weights.embedded.inputs import network_input
from tests.shared import shared_path

Films = Sequence[NDArray[np.uint8]]
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def phantom_films(count: int) -> Films:
    probing = load(Options(count=count, seed=2000), Path())
    return [decode(probing.read(image)) for image in probing.images]


@pytest.fixture(scope="module")
def phantoms() -> Films:
    return phantom_films(12)


@pytest.fixture(scope="module")
def real_films() -> Films:
    return [decode(path.read_bytes()) for path in sorted(shared_path("data", "xray").rglob("*.png"))]


def told(films: Films, preprocess: Callable[[NDArray[np.uint8]], Tensor], target: Mapping[str, Any]) -> list[str]:
    """What a run of these films would be told: of all inputs, and of the thumbnails."""
    rows = np.array([input_statistics(preprocess(film)) for film in films])
    small = [thumbnails.decode(thumbnails.encode(film)) for film in films]
    return likely_mistakes(dict(zip(("low", "high", "mean", "std"), rows.T, strict=True)), small, target)


def told_of(films: Films, kind: str = "torchvision", **settings: Any) -> list[str]:
    preprocessing = Preprocessing.model_validate(settings)
    table = preprocessing.model_dump(mode="json")
    return told(films, preprocessing, {"kind": kind, "preprocessing": table})


GOOD: list[dict[str, Any]] = [{}, IMAGENET, {"mean": 0.5, "std": 0.5}, {"mean": 0.5, "std": 0.25, "channels": 1}]


@pytest.mark.parametrize("settings", GOOD, ids=["published", "imagenet", "to ±1", "one channel"])
@pytest.mark.parametrize("kind", ["torchvision", "timm", "factory"])
def test_nothing_is_told_of_phantoms(settings: dict[str, Any], kind: str, phantoms: Films) -> None:
    assert told_of(phantoms, kind, **settings) == []


@pytest.mark.slow
@pytest.mark.parametrize("settings", GOOD, ids=["published", "imagenet", "to ±1", "one channel"])
def test_nothing_is_told_of_real_films(settings: dict[str, Any], real_films: Films) -> None:
    assert told_of(real_films, **settings) == []


def scaled_to_1024(film: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(film.astype(np.float32) / 255 * 2048 - 1024)[None]


def test_nothing_is_told_of_inputs_that_are_scaled_otherwise_on_purpose(phantoms: Films) -> None:
    assert told(phantoms, network_input, {"kind": "demo"}) == []
    assert told(phantoms, scaled_to_1024, {"kind": "torchxrayvision"}) == []
    assert told(phantoms, scaled_to_1024, {"kind": "factory"}) == []


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"mean": 128.9, "std": 64.3}, "mean and std in target.preprocessing: written for grey levels 0…255"),
    ({"mean": 128.9, "std": 0.252}, "mean in target.preprocessing: written for grey levels 0…255"),
    ({"mean": 0.5056, "std": 64.3}, "std in target.preprocessing: written for grey levels 0…255"),
    ({"mean": 0.0, "std": 1 / 255}, "as grey levels 0…255: scale to 0…1"),
    ({"mean": 0.0, "std": 1.0}, "not normalised: give the mean and std of the training in target.preprocessing"),
    ({"mean": 0.5056, "std": 0.03}, "deviation .* where 0 and 1 are usual: check mean and std"),
    ({"mean": 0.5056, "std": 0.003}, "where about −2 to 2 is usual: are mean and std"),
]


@pytest.mark.parametrize(("settings", "message"), MISTAKES)
def test_a_mistake_in_the_normalisation_is_named(settings: dict[str, Any], message: str, phantoms: Films) -> None:
    (found,) = told_of(phantoms, **settings)
    assert re.search(message, found)


@pytest.mark.parametrize(("settings", "message"), MISTAKES)
def test_a_mistake_in_the_normalisation_of_real_films_is_named(
    settings: dict[str, Any], message: str, real_films: Films
) -> None:
    (found,) = told_of(real_films, **settings)
    assert re.search(message, found)


def test_a_factorys_own_preprocessing_is_judged_by_its_inputs_alone(phantoms: Films) -> None:
    def raw(film: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(film.astype(np.float32))[None]

    table = Preprocessing().model_dump(mode="json")
    for preprocess, message in [
        (raw, "as grey levels 0…255: scale to 0…1, take mean and std in your preprocessing"),
        (lambda film: raw(film) / 255, "not normalised: .* in your preprocessing"),
        (lambda film: (raw(film) / 255 - 129) / 64, "hardly differ: are mean and std in your preprocessing of grey"),
        (lambda film: (raw(film) - 0.5) / 0.25, "where about −2 to 2 is usual"),
    ]:
        (found,) = told(phantoms, preprocess, {"kind": "factory", "preprocessing": table})
        assert re.search(message, found)


def test_torchxrayvisions_range(phantoms: Films) -> None:
    (found,) = told(phantoms, Preprocessing(), {"kind": "torchxrayvision"})
    assert "torchxrayvision's models take −1024 to 1024" in found


def clipped(film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pillow's way with 16 bits: all but the darkest become white."""
    return np.minimum(film.astype(np.int64) * 200, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (clipped, r"^the films are nearly white \(grey level 2\d\d of 255\): were they made from 16-bit files"),
        (lambda film: film // 17, r"^the films are nearly black \(grey level \d+ of 255\): were they made from 16-bit"),
        (lambda film: 255 - film, r"^the films are probably inverted: 12 of 12 are brighter in their upper corners"),
    ],
)
def test_films_that_were_spoilt_before(
    spoil: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], message: str, phantoms: Films
) -> None:
    (found,) = told_of([spoil(film) for film in phantoms])
    assert re.search(message, found)


def test_each_real_film_is_told_from_its_inverse(real_films: Films) -> None:
    assert all(corner_excess(film) < 0 < corner_excess(255 - film) for film in real_films)


def test_one_grey_level_throughout(phantoms: Films) -> None:
    blank = np.full((300, 300), 120, np.uint8)
    assert told_of([*phantoms, blank]) == ["1 of 13 images are of one grey level throughout: are they films?"]
    assert told_of([blank] * 6) == ["6 of 6 images are of one grey level throughout: are they films?"]


def test_few_films_and_unmeasured_runs_tell_nothing(phantoms: Films) -> None:
    nothing = dict.fromkeys(("low", "high", "mean", "std"), np.zeros(3))
    assert likely_mistakes(nothing, [255 - film for film in phantoms[:3]], {"kind": "torchvision"}) == []
    assert likely_mistakes(nothing, [np.zeros((1, 1), np.uint8)] * 6, {}) != []


def test_the_sample_is_spread_over_the_run() -> None:
    assert sampled(3) == [0, 1, 2]
    assert len(sampled(112_120)) == 200
    assert (sampled(112_120)[0], sampled(112_120)[-1]) == (0, 112_119)
