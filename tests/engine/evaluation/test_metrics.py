"""Hit rate, F1, precision and recall: the published evaluation's figures."""

from __future__ import annotations

import json

import pytest

from engine.evaluation.metrics import f1, hit_rate, precision, recall
from tests.shared import shared_path


@pytest.mark.parametrize("number", range(4))
def test_the_published_figures(number: int) -> None:
    golden = json.loads(shared_path("goldens", "metrics.json").read_text())[number]
    predicted, truth = golden["pred"], golden["gt"]
    assert hit_rate(predicted, truth) == pytest.approx(golden["hit_rate"], abs=1e-12)
    for name, measure in {"F1_score": f1, "Precision": precision, "Recall": recall}.items():
        mean, error = measure(predicted, truth)
        assert round(mean, 4) == golden["pr"][name][name]
        assert round(error, 4) == golden["pr"][name]["St_error"]


def test_an_empty_annotation_scores_nothing() -> None:
    assert f1([[], ["mass"]], [["mass"], ["mass"]])[0] == 0.5
    assert hit_rate([[]], [["mass"]]) == 0.0


def test_lists_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="no neurons"):
        hit_rate([], [])
    with pytest.raises(ValueError, match="zip"):
        f1([["mass"]], [])
