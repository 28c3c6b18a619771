"""Why a film has its outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.decisions.film import FilmDecision, shares_of
from engine.decisions.outputs import WRONG, Outcomes
from engine.store.decision_records import Head
from engine.store.reader import RunReader
from tests.support.decisions import decided_run
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunReader]:
    with RunReader(decided_run(tmp_path_factory.mktemp("run"))) as opened:
        yield opened


def test_the_shares_of_an_output_sum_to_what_sets_it_apart_from_its_mean() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 9)).astype(np.float32)
    weights, bias = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 9), (3,)))
    head = Head(0, weights, bias, inputs.mean(0, np.float64), same=True, map_shape=None)
    outputs = inputs.astype(np.float64) @ head.weights.T.astype(np.float64) + head.bias
    for image in range(5):
        found = shares_of(head, inputs[image], 1)
        assert found.total == pytest.approx(outputs[image, 1] - outputs[:, 1].mean(), abs=1e-6)
        assert found.of_first(9) == pytest.approx(found.total)
        assert (np.diff(np.abs(found.shares)) <= 0).all(), "the largest first, whatever their sign"
        unit = found.units[0]
        assert found.shares[0] == pytest.approx(head.weights[1, unit] * (inputs[image, unit] - head.mean[unit]))


def test_wrong_and_sure_outputs_come_first_then_the_probable_ones(reader: RunReader) -> None:
    outcomes = Outcomes.of(reader)
    seen = set()
    for image in range(reader.image_count):
        found = FilmDecision.of(reader, outcomes, image).outputs
        assert sorted(output.number for output in found) == list(range(len(reader.classes)))
        wrong = [output.kind in WRONG for output in found]
        assert wrong == sorted(wrong, reverse=True)
        sure = [output.sureness for output in found if output.kind in WRONG]
        assert sure == sorted(sure, reverse=True)
        probable = [output.probability for output in found if output.kind not in WRONG]
        assert probable == sorted(probable, reverse=True)
        seen |= {output.kind for output in found}
    assert seen >= {"false positive", "missed", "true positive", "true negative"}


def test_a_run_without_decisions_says_nothing(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path)) as plain:
        found = FilmDecision.of(plain, Outcomes.of(plain), 3)
    assert found.outputs == ()
    assert found.shares(0) is None
    assert found.hidden == ()
