"""What a run says of a class."""

from pathlib import Path

import numpy as np
import pytest

from engine.annotation.competing import Words
from engine.decisions.classes import class_figures, explained, words_that_speak
from engine.decisions.importance import first_over, matters, matters_by_layer
from engine.decisions.outputs import Outcomes
from engine.evidence.metadata import Metadata
from engine.store.reader import RunReader
from tests.support.decisions import decided_run

WORDS = Words(np.array([2, 3, 3]), np.array([4, 7, 7]))  # unit 0: 4, 7; unit 1: 7; unit 2: none


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decided_run(tmp_path_factory.mktemp("run"), hidden=True)


def test_figures_of_a_class_that_is_a_label_and_of_one_that_is_none(run: Path) -> None:
    with RunReader(run) as reader:
        outcomes, clusters = Outcomes.of(reader), Metadata.of(reader).clusters
    assert outcomes is not None
    found = class_figures(outcomes, 2, clusters)
    assert sum(found.counts.values()) == outcomes.films
    assert found.area is not None
    assert 0 < found.area.low < found.area.value < found.area.high < 1
    assert found.precision > found.prevalence
    assert found.reliability is not None
    assert found.reliability.counts.sum() == outcomes.films
    unknown = class_figures(outcomes, 6, clusters)
    assert unknown.area is None
    assert unknown.reliability is None
    assert unknown.predicted > 0
    assert not any(unknown.counts.values())


def test_the_importance_of_words_sums_to_that_of_units_that_have_one() -> None:
    found = words_that_speak(np.array([3.0, -2.0, 5.0]), WORDS)
    assert [(each.concept, each.total, each.units) for each in found] == [(4, 1.5, 1), (7, -0.5, 2)]
    assert sum(each.total for each in found) == 3.0 - 2.0
    assert words_that_speak(np.zeros(0), Words(np.zeros(0, np.int64), np.zeros(0, np.int64))) == []


def test_shares_of_importance_by_how_well_neurons_are_supported() -> None:
    worded = np.array([True, True, True, False])
    found = explained(np.array([3.0, -1, 2, 4]), np.array([3, 2, 1, 0]), worded)
    assert (found.well, found.ill, found.silent, found.ungraded) == (0.4, 0.2, 0.4, 0)
    found = explained(np.array([3.0, -1, 2, 4]), None, worded)
    assert (found.well, found.silent, found.ungraded) == (0, 0.4, 0.6)
    assert explained(np.zeros(4), None, worded).ungraded == 0


def test_what_matters_is_the_mean_over_labelled_films_else_over_predicted_ones(run: Path) -> None:
    with RunReader(run) as reader:
        assert first_over(reader, 0, 2) == "labelled"
        assert first_over(reader, 0, 6) == "predicted"  # Edema is no label
        mean = reader.importance(0, "labelled")
        assert mean is not None
        np.testing.assert_array_equal(matters(reader, 0, 2), np.abs(mean.means[2].astype(np.float64)))
        overall = matters(reader, 0, None)
        by_layer = matters_by_layer(reader, "nothing of the kind")
        assert overall is not None
        assert overall.max() == 1
        assert overall.min() >= 0
        assert all(np.isnan(each).all() for each in by_layer)


def test_a_run_without_importance_says_nothing_of_it(tmp_path: Path) -> None:
    from tests.support.runs import small_run

    with RunReader(small_run(tmp_path)) as reader:
        assert matters(reader, 0, 0) is None
        assert matters(reader, 0, None) is None
