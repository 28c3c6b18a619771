"""Deletion of units, the pointing game, and random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.decisions.outputs import Outcomes
from engine.evaluation.decisions.deletion import ACTIVATION, IMPORTANCE, RANDOM, deletion
from engine.evaluation.decisions.evaluate import evaluate_decisions
from engine.evaluation.decisions.pointing import TOLERANCE, hits
from engine.evaluation.decisions.target_again import randomised
from engine.store.reader import RunReader
from tests.support.decisions import decided_run
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    return RunReader(decided_run(tmp_path_factory.mktemp("run"), images=120, threshold=0.4))


def test_the_curves_fall_from_the_whole_output_to_the_mean_output(reader: RunReader) -> None:
    outcomes, head = Outcomes.of(reader), reader.head
    assert outcomes is not None
    assert head is not None
    found = deletion(reader, outcomes, head)
    assert found
    for each in found:
        assert each.name in reader.label_table()[0]
        for curve in each.curves:
            assert curve.deleted[0] == 0
            assert curve.deleted[-1] == 1
            assert curve.output[0] == pytest.approx(1)
            assert curve.output[-1] == pytest.approx(0, abs=1e-6)
        assert each.area(IMPORTANCE) < each.area(RANDOM)
        assert abs(each.area(RANDOM) - 0.5) < 4 * next(c.spread for c in each.curves if c.order == RANDOM) / 10 + 0.05


def test_the_films_still_predicted_are_those_of_the_model_without_the_units(reader: RunReader) -> None:
    """With all units deleted every film has the mean output, so all films of a class fare alike."""
    outcomes, head = Outcomes.of(reader), reader.head
    assert outcomes is not None
    assert head is not None
    for each in deletion(reader, outcomes, head):
        for curve in each.curves:
            assert curve.predicted[-1] == 1.0  # the mean outputs are 0, so that all have probability 0.5


def test_the_evaluation_says_how_much_worse_the_other_orders_are(reader: RunReader) -> None:
    found = evaluate_decisions(reader)
    areas = {area.order: area for area in found.areas}
    assert areas[IMPORTANCE].more is None
    for order in (ACTIVATION, RANDOM):
        more = areas[order].more
        assert more is not None
        assert areas[order].area.mean == pytest.approx(areas[IMPORTANCE].area.mean + more.mean)
    assert found.layer == reader.layers[0].name


def test_a_run_without_outputs_says_what_is_missing(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path)) as older:
        found = evaluate_decisions(older)
    assert not found.deletion
    assert any("mammi run CONFIG.toml" in text for text in found.missing)


def test_a_hit_is_a_cell_whose_centre_is_near_the_box() -> None:
    box = np.array([(0.30, 0.30), (0.45, 0.30), (0.45, 0.45), (0.30, 0.45)])
    found = hits([box], 4, 4)
    assert np.argwhere(found).tolist() == [[1, 1]]  # its centre is (0.375, 0.375)
    assert np.argwhere(hits([box + 0.125 / 2 + TOLERANCE], 4, 4)).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    narrow = np.array([(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)])
    assert np.argwhere(hits([narrow], 2, 4).any(axis=0)).ravel().tolist() == [0, 1]
    assert not hits([], 4, 4).any()


def test_random_weights_are_gone_afterwards_also_after_an_error() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)).eval()
    model[1].running_mean += 2
    film = torch.rand(1, 1, 8, 8)
    with torch.inference_mode():
        before = model(film)
        with pytest.raises(RuntimeError), randomised(model):
            _stop_if(not torch.allclose(model(film), before))
        assert torch.equal(model(film), before)


def test_random_weights_are_the_same_each_time() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3))
    film = torch.rand(1, 1, 8, 8)
    found = []
    for _ in range(2):
        with torch.inference_mode(), randomised(model):
            found.append(model(film))
    assert torch.equal(*found)


def _stop_if(changed: bool) -> None:
    if changed:
        raise RuntimeError
