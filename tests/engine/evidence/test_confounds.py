"""Shares of one patient, view and label, and the chance of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine.annotation.image_sets import ImageSets
from engine.evidence.confounds import confounds, shares
from engine.evidence.metadata import Metadata, clusters_of
from tests.support.metadata import column

HOSTILE = "[bold red]x[/]\x1b[31m"


def _metadata(patients: list[str | None], views: list[str | None], labels: dict[str, list[int]]) -> Metadata:
    carried = np.zeros((len(patients), len(labels)), dtype=bool)
    for index, images in enumerate(labels.values()):
        carried[images, index] = True
    known = column(patients)
    return Metadata(tuple(labels), carried, known, column(views), clusters_of(known))


def _images(*indices: int) -> np.ndarray:
    return np.array(indices, dtype=np.int32)


def test_the_most_common_value_of_each_kind_beside_its_share_in_the_set() -> None:
    metadata = _metadata(
        ["a", "a", "a", HOSTILE, HOSTILE, "c", None, None],
        ["PA", "AP", "AP", "PA", "PA", "PA", "PA", None],
        {"Mass": [0, 1], HOSTILE: [3, 4, 5, 6]},
    )
    patient, view, label = confounds(_images(3, 4, 5, 6), metadata)
    assert (patient.kind, patient.value, patient.share, patient.base_share) == ("patient", HOSTILE, 2 / 4, 2 / 8)
    assert (view.kind, view.value, view.share, view.base_share) == ("view", "PA", 1.0, 5 / 8)
    assert (label.kind, label.value, label.share, label.base_share) == ("label", HOSTILE, 1.0, 4 / 8)


def test_the_p_value_is_the_chance_that_some_value_is_as_common() -> None:
    rng = np.random.default_rng(0)
    patients: list[str | None] = [str(value) for value in rng.integers(4, size=11)]
    labels = {name: np.flatnonzero(rng.random(11) < 0.4).tolist() for name in ("x", "y")}
    metadata = _metadata(patients, [None] * 11, labels)
    draws = [_images(*draw) for draw in combinations(range(11), 5)]
    common: dict[str, list[float]] = {"patient": [], "label": []}
    for draw in draws:
        for confound in confounds(draw, metadata):
            common[confound.kind].append(confound.share)
    for draw in draws[::40]:
        for confound in confounds(draw, metadata):
            chance = np.mean(np.array(common[confound.kind]) >= confound.share)
            if confound.kind == "patient" and confound.share > 0.5:
                assert confound.p_value == pytest.approx(chance)
            else:
                assert confound.p_value >= chance - 1e-12
    assert max(common["patient"]) > 0.5


def test_a_layers_shares_are_those_of_its_neurons() -> None:
    rng = np.random.default_rng(1)
    known = [None if rng.random() < 0.2 else str(rng.integers(9)) for _ in range(50)]
    metadata = _metadata(known, known[::-1], {"x": [1, 5, 9], "y": list(range(30))})
    drawn = [rng.choice(50, size, replace=False).astype(np.int32) for size in (1, 7, 0, 20)]
    sets = ImageSets(np.concatenate(drawn), np.cumsum([0, *map(len, drawn)]))
    columns = dict(zip(("patient", "view", "label"), shares(sets, metadata), strict=True))
    for index, images in enumerate(drawn):
        expected = {confound.kind: confound.share for confound in confounds(images, metadata)}
        for kind, shares_ in columns.items():
            assert shares_[index] == expected.get(kind, 0.0 if kind == "label" and len(images) else np.nan) or (
                np.isnan(shares_[index]) and kind not in expected
            )


def test_what_is_not_recorded_is_no_confound() -> None:
    metadata = _metadata([None] * 4, [None] * 4, {})
    assert confounds(_images(0, 1), metadata) == ()
    assert confounds(_images(), metadata) == ()
    missing = shares(ImageSets(_images(0, 1), np.array([0, 2])), metadata)
    assert np.isnan(missing).all()
