"""Words of a run scored by labels and by a VLM, against what is known of the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evaluation.faithfulness.evaluate import evaluate_faithfulness
from engine.evaluation.faithfulness.metrics import METRICS
from engine.evaluation.faithfulness.results import LayerFaithfulness
from engine.evaluation.faithfulness.second import Second, own, read_second
from engine.evaluation.faithfulness.simulation import Simulation
from engine.methods.base import MethodAnswer, no_concepts
from engine.methods.panel import Panel
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.worded import IMAGES, worded_run


@dataclass
class Said:
    """A method that says these words, all of them annotated, by unit."""

    words: Mapping[int, Sequence[str]]
    name: str = "mammi"
    title: str = "said"

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        words = tuple(self.words.get(unit, ()))
        if not words:
            return no_concepts(self.name, "nothing")
        return MethodAnswer(self.name, words, -np.arange(len(words), dtype=float), len(words))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    return RunReader(worded_run(tmp_path_factory.mktemp("worded") / "run.duckdb"))


def scored(reader: RunReader, words: Mapping[int, Sequence[str]], second: Second | None = None) -> LayerFaithfulness:
    (method,) = evaluate_faithfulness(reader, [Said(words)], second or own(reader)).methods
    (layer,) = method.layers
    return layer


def test_right_words_simulate_their_units_and_exchanged_ones_do_not(reader: RunReader) -> None:
    right = scored(reader, {0: ["mass"], 1: ["effusion"], 2: ["nodule"]}).second
    wrong = scored(reader, {0: ["effusion"], 1: ["nodule"], 2: ["mass"]}).second
    assert right is not None
    assert wrong is not None
    assert right.best.mean == pytest.approx(1, abs=1e-5)
    assert right.annotation.mean == pytest.approx(1, abs=1e-5)
    assert wrong.best.mean < right.best_chance < 0.7
    assert wrong.best_chance == pytest.approx(right.best_chance)
    assert right.metrics["auc"].mean == right.metrics["responsiveness"].mean == right.metrics["purity"].mean == 1


def test_the_simulation_is_the_correlation_with_the_mean_score_of_the_words(reader: RunReader) -> None:
    found = scored(reader, {4: ["effusion", "lung"]}).second
    assert found is not None
    vlm = own(reader)
    (layer,) = reader.layers
    activation = reader.arrays.activations(layer)[4]
    scores = vlm.images @ np.stack([vlm.texts["effusion"], vlm.texts["lung"]]).T
    assert found.best.mean == pytest.approx(np.corrcoef(activation, scores[:, 0])[0, 1], abs=1e-5)
    assert found.annotation.mean == pytest.approx(np.corrcoef(activation, scores.mean(axis=1))[0, 1], abs=1e-5)


def test_a_unit_or_a_text_that_never_changes_is_not_simulated() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(50, 4)).astype(np.float32)
    activations = np.stack([np.full(50, 0.1), images[:, 0]]).astype(np.float32)
    found = Simulation.of(activations, images).correlations([0, 1], np.array([[1.0, 0, 0, 0], [0, 0, 0, 0]]))
    assert found == pytest.approx(np.array([[0, 0], [1, 0]]), abs=1e-5)


def test_words_that_name_a_label_are_judged_by_its_images(reader: RunReader) -> None:
    found = scored(reader, {0: ["mass"], 4: ["mass"], 1: ["effusion"]})
    assert found.units == 3
    assert found.labels is not None
    assert found.labels.units == 2
    assert set(found.labels.metrics) == {metric.name for metric in METRICS}
    (alone,) = [layer.labels for layer in [scored(reader, {0: ["mass"]})]]
    assert alone is not None
    assert alone.metrics["auc"].mean == alone.metrics["ap_above_chance"].mean == 1
    assert alone.metrics["recall"].mean == 1  # a tenth of the images, all of them with a mass
    assert found.labels.of_all == pytest.approx(found.labels.metrics["pearson"].mean * 2 / 3)
    assert found.labels.chance == pytest.approx(found.labels.metrics["pearson"].mean)  # both units have the same word


def test_words_without_label_or_text_are_told(reader: RunReader) -> None:
    result = evaluate_faithfulness(reader, [Said({1: ["heart"]}), Said({}, title="silent")], own(reader))
    (layer,) = result.methods[0].layers
    assert (layer.units, layer.labels, layer.second) == (1, None, None)
    assert result.methods[1].layers == ()
    assert result.missing == (
        "a synthetic VLM has no text of said's concepts in hidden: no simulation there.",
        "silent has no concepts.",
    )


def test_every_method_of_the_panel_is_scored_at_any_cuts(reader: RunReader) -> None:
    methods = Panel(reader, Requery(reader)).methods
    found = evaluate_faithfulness(reader, methods, own(reader), cuts=Cuts(0.5, 0.9))
    assert found.circular
    assert [method.title for method in found.methods] == [method.title for method in methods]
    mammi = found.methods[0].layers[0].second
    assert mammi is not None
    assert mammi.best.mean > 0.5


def test_another_run_file_over_the_same_images_is_a_second_vlm(reader: RunReader, tmp_path: Path) -> None:
    other = worded_run(tmp_path / "other.duckdb", noise=0.2, vlm="another VLM", shown=150)
    second = read_second(other, reader)
    assert (second.name, second.circular, len(second.known)) == ("another VLM", False, 150)
    result = evaluate_faithfulness(reader, [Said({0: ["mass"], 1: ["effusion"]})], second)
    found = result.methods[0].layers[0].second
    assert found is not None
    assert 0.5 < found.best.mean < 0.95
    assert result.missing == (f"another VLM lacks 50 of {IMAGES} images: its scores are over the others.",)


def test_a_run_file_of_the_same_vlm_is_circular(reader: RunReader) -> None:
    assert read_second(reader.path, reader).circular
