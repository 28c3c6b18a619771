"""The path along α is what engine.annotation.selection and engine.annotation.scoring say at every point of the grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.annotation import scoring, selection
from engine.annotation.cuts import TAU, Cuts
from engine.evidence.alpha_path import FOLLOWED, GRID, intervals, path
from engine.evidence.columns import ALPHA_LOW
from engine.evidence.details import NEARBY
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.writer import assemble
from tests.support.runs import small_contents


@dataclass(frozen=True)
class Run:
    reader: RunReader
    requery: Requery
    embeddings: NDArray[np.float32]
    texts: NDArray[np.float32]
    template: NDArray[np.float32]

    @property
    def layer(self) -> LayerInfo:
        return self.reader.layers[1]

    def activations(self, unit: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self.reader.arrays.activations(self.layer)[unit]
        return values

    def best(self, unit: int, alpha: float, members: NDArray[np.int64]) -> tuple[int, int]:
        """The best concept and the number of images, by brute force."""
        images = selection.representatives(self.activations(unit), alpha)
        if len(images) == 0:
            return -1, 0
        scores = scoring.concept_scores(self.embeddings[images], self.texts, self.template)
        return int(members[scores[members].argmax()]), len(images)


@pytest.fixture(scope="module", params=[60, 2600])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A set that is followed whole, and one that is not: it is larger than FOLLOWED."""
    contents, batches = small_contents(images=request.param, units=(3, 9), sets=2, batch_size=500)
    file = tmp_path_factory.mktemp("run") / "run.duckdb"
    assemble(file, contents, batches)
    with RunReader(file) as reader:
        texts, template = reader.arrays.text_embeddings()
        yield Run(reader, Requery(reader), reader.arrays.image_embeddings(), texts, template)


@pytest.mark.slow
@pytest.mark.parametrize("concept_set", [None, "set 1"])
def test_every_point_of_the_grid_has_the_best_concept(run: Run, concept_set: str | None) -> None:
    members = run.requery.members(concept_set)
    for unit in range(run.layer.units):
        steps = path(run.reader, run.requery, run.layer, unit, TAU, run.requery.competing(concept_set, "score"))
        found = {
            point: (step.best, step.count if point == step.low else None)
            for step in steps
            for point in GRID[(step.low <= GRID) & (step.high >= GRID)].tolist()
        }
        for point in GRID.tolist():
            best, count = run.best(unit, point, members)
            if run.reader.image_count > FOLLOWED <= count:
                assert point not in found
            else:
                assert found[point] in {(best, count), (best, None)}
        assert all(before.best != after.best for before, after in pairwise(steps))
        assert (steps[-1].high, steps[-1].best) == (1.0, -1)


def test_a_dead_unit_has_one_stretch_without_images(run: Run) -> None:
    (step,) = path(run.reader, run.requery, run.layer, 0, TAU, run.requery.competing(None, "score"))
    assert (step.low, step.high, step.best, step.count) == (0.0, 1.0, -1, 0)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 0.8, 0.935, 1.0])
def test_a_layers_intervals_are_the_stretches_around_alpha(run: Run, alpha: float) -> None:
    competing = run.requery.competing(None, "score")
    answer = run.requery.layer("layer1", Cuts(alpha, 0.5))
    lows, highs = intervals(run.reader, run.requery, run.layer, Cuts(alpha, 0.95), competing, answer.best).T
    members = run.requery.members(None)
    for unit in range(run.layer.units):
        best, count = run.best(unit, alpha, members)
        if best < 0 or run.reader.image_count > FOLLOWED <= count:
            assert np.isnan([lows[unit], highs[unit]]).all()
            continue
        if np.isnan(lows[unit]):
            near = [
                run.best(unit, point, members) for point in GRID[(alpha - NEARBY <= GRID) & (alpha >= GRID)].tolist()
            ]
            assert max(many for _, many in near) >= FOLLOWED < run.reader.image_count
            assert {other for other, many in near if many < FOLLOWED} <= {best}
            continue
        assert lows[unit] <= alpha <= highs[unit]
        inside = GRID[(lows[unit] <= GRID) & (highs[unit] >= GRID)]
        assert {run.best(unit, point, members)[0] for point in inside.tolist()} <= {best}
        below, above = GRID[lows[unit] > GRID], GRID[highs[unit] < GRID]
        if len(below):
            beyond, many = run.best(unit, float(below[-1]), members)
            assert beyond != best or (many >= FOLLOWED and lows[unit] <= alpha - NEARBY + 1e-9)
        assert run.best(unit, float(above[0]), members)[0] != best


def test_the_interval_is_the_stretch_of_the_path(run: Run) -> None:
    competing = run.requery.competing(None, "score")
    answer = run.requery.layer("layer1", Cuts(0.9, 0.5))
    lows, highs = intervals(run.reader, run.requery, run.layer, Cuts(0.9, 0.95), competing, answer.best).T
    for unit in np.flatnonzero(answer.best >= 0).tolist():
        steps = path(run.reader, run.requery, run.layer, unit, TAU, competing)
        (step,) = [step for step in steps if step.low <= 0.9 <= step.high]
        assert (step.low, step.high, step.best) == (lows[unit], highs[unit], answer.best[unit])


def test_a_unit_that_is_followed_no_further_has_no_other_concept_there(tmp_path: Path) -> None:
    """Just above τ lie fewer images than are followed, just below more; all of them have the same concept."""
    contents, batches = small_contents(images=2600, units=(3, 9), batch_size=500)
    embeddings, activations = np.tile(contents.text_embeddings[:1], (3000, 1)), np.zeros((3000, 9), np.float32)
    activations[:, 1] = np.where(np.arange(3000) < 2000, 0.945, 0.935)
    activations[[0, 1], 1] = 0, 1
    starts = np.cumsum([0, *(batch.usable for batch in batches)])
    batches = [
        replace(
            batch,
            embeddings=embeddings[start:end],
            activations=dict(batch.activations) | {"layer1": activations[start:end]},
        )
        for batch, (start, end) in zip(batches, pairwise(starts), strict=True)
    ]
    assemble(tmp_path / "run.duckdb", contents, batches)
    with RunReader(tmp_path / "run.duckdb") as reader:
        evidence = Evidence(reader, Requery(reader))
        assert 0 < evidence.neuron("layer1", 1, Cuts(0.94, 0.95)).count < FOLLOWED
        assert "another concept" not in evidence.neuron("layer1", 1, Cuts(0.94, 0.95)).sentence
        assert np.isnan(evidence.layer("layer1", Cuts(0.94, 0.95))[ALPHA_LOW][1])
