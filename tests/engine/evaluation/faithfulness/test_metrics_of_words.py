"""The metrics of words against their definitions, counted image by image."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.decisions.discrimination import auroc, average_precision
from engine.evaluation.faithfulness.metrics import METRICS, ON, Unit, above_chance
from engine.evaluation.faithfulness.ranks import Flags, Ranks

BY_NAME = {metric.name: metric for metric in METRICS}


def drawn() -> tuple[NDArray[np.float32], Flags]:
    """Activations with ties, and sets of images that they follow, miss or are lower on."""
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=200), 1).astype(np.float32)
    return values, np.stack([values + rng.normal(size=200) > 1, rng.random(200) < 0.3, values < -1])


def mad(values: NDArray[np.float64], member: Flags) -> float:
    return float((values[member].mean() - values[~member].mean()) / values[~member].std(ddof=1))


def flipped(values: NDArray[np.float64], member: Flags) -> float:
    return average_precision(values if auroc(values, member) >= 0.5 else -values, member)


CONTINUOUS: dict[str, Callable[[NDArray[np.float64], Flags], float]] = {
    "pearson": lambda values, member: float(np.corrcoef(values, member)[0, 1]),
    "cosine": lambda values, member: float(values @ member / np.linalg.norm(values) / np.linalg.norm(member)),
    "auc": auroc,
    "responsiveness": lambda values, member: abs(2 * auroc(values, member) - 1),
    "purity": flipped,
    "mad": mad,
    "ap_above_chance": lambda values, member: float(
        above_chance(average_precision(values, member), float(member.mean()))
    ),
}

COUNTED: dict[str, Callable[[int, int, int], float]] = {
    "recall": lambda both, of_set, on: both / on,
    "precision": lambda both, of_set, on: both / of_set,
    "f1": lambda both, of_set, on: 2 / (of_set / both + on / both),
    "iou": lambda both, of_set, on: both / (of_set + on - both),
    "wpmi": lambda both, of_set, on: (on - both) / on * math.log(1e-8) - math.log(of_set / 200),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_metric_of_activations_is_as_defined(name: str) -> None:
    values, members = drawn()
    found = BY_NAME[name].of(Unit.of(values), members)
    assert found == pytest.approx([CONTINUOUS[name](values.astype(np.float64), member) for member in members])


@pytest.mark.parametrize("name", COUNTED)
def test_a_metric_of_counts_is_as_defined(name: str) -> None:
    values, members = drawn()
    unit = Unit.of(values)
    counts = [(int((unit.on & member).sum()), int(member.sum()), int(unit.on.sum())) for member in members[:2]]
    assert BY_NAME[name].of(unit, members[:2]) == pytest.approx([COUNTED[name](*each) for each in counts])


def test_auprc_is_that_of_labels_which_predict_where_the_unit_is_on() -> None:
    values, members = drawn()
    unit = Unit.of(values)
    expected = [average_precision(member.astype(float), unit.on) for member in members]
    assert BY_NAME["auprc"].of(unit, members) == pytest.approx(expected)


def test_every_metric_is_checked() -> None:
    assert set(BY_NAME) == {*CONTINUOUS, *COUNTED, "auprc"}


def test_a_unit_is_on_at_its_highest_images_with_all_ties() -> None:
    values = np.array([3.0, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    assert ON == 0.1
    assert np.flatnonzero(Unit.of(values).on).tolist() == [0, 1, 2, 3]


def test_ranks_can_be_reversed() -> None:
    values, members = drawn()
    found, expected = Ranks.of(values).reversed(), Ranks.of(-values)
    assert found.middle.tolist() == expected.middle.tolist()
    assert found.at_least.tolist() == expected.at_least.tolist()
    assert found.aurocs(members) == pytest.approx(1 - Ranks.of(values).aurocs(members))
