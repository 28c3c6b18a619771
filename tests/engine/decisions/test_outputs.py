"""Outputs beside labels: what is right, wrong, and neither."""

from pathlib import Path

import numpy as np
import pytest

from engine.decisions.outputs import KINDS, Outcomes
from engine.store.probabilities import as_probabilities, predictions
from engine.store.reader import RunReader
from tests.support.decisions import decided_run
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    with RunReader(decided_run(tmp_path_factory.mktemp("run"))) as reader:
        found = Outcomes.of(reader)
    assert found is not None
    return found


def test_every_film_is_of_one_kind_for_a_class_that_is_a_label(outcomes: Outcomes) -> None:
    for number in range(6):
        counts = np.stack([outcomes.of_kind(kind, number) for kind in KINDS]).sum(axis=0)
        assert (counts == 1).all()
        for kind in KINDS:
            for image in np.flatnonzero(outcomes.of_kind(kind, number))[:3]:
                assert outcomes.kind(int(image), number) == kind


def test_a_class_that_is_no_label_is_never_counted_as_wrong(outcomes: Outcomes) -> None:
    assert outcomes.known.tolist() == [True] * 6 + [False]
    assert outcomes.predicted[:, 6].any()
    assert not any(outcomes.of_kind(kind, 6).any() for kind in KINDS)
    assert outcomes.kind(0, 6) is None


def test_classes_meet_labels_in_another_spelling(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path, classes=("mass", "EFFUSION, Edema", "Pleural_Thickening"))) as reader:
        found = Outcomes.of(reader)
        assert found is not None
        names, carried = reader.label_table()
    assert found.known.tolist() == [True, True, False]
    np.testing.assert_array_equal(found.labelled[:, 0], carried[:, names.index("Mass")])
    np.testing.assert_array_equal(found.labelled[:, 1], carried[:, names.index("Effusion")])


def test_a_run_without_outputs_has_no_outcomes(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path)) as reader:
        assert Outcomes.of(reader) is None


def test_softmax_predicts_one_class_and_sums_to_one(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path, probabilities="softmax")) as reader:
        found = Outcomes.of(reader)
    assert found is not None
    assert (found.predicted.sum(axis=1) == 1).all()
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-6)


def test_a_film_is_predicted_at_the_threshold_and_not_below_it() -> None:
    probabilities = np.array([[0.3, np.nextafter(np.float32(0.3), np.float32(0))]], np.float32)
    assert predictions(probabilities, "sigmoid", 0.3).tolist() == [[True, False]]


def test_extreme_outputs_become_probabilities_and_no_number_predicts_nothing() -> None:
    outputs = np.array([[-1e30, 0, 1e30], [np.nan, 1, 2]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        assert as_probabilities(outputs, "sigmoid")[0].tolist() == [0, 0.5, 1]
        assert as_probabilities(outputs, "softmax")[0].tolist() == [0, 0, 1]
    assert not predictions(as_probabilities(outputs, "softmax"), "softmax", 0.5)[1].any()
    assert predictions(as_probabilities(outputs, "sigmoid"), "sigmoid", 0.5)[1].tolist() == [False, True, True]


def test_sureness_is_the_share_of_the_way_from_the_threshold() -> None:
    probabilities = np.array([[0.2], [0.1], [0.6], [1.0]], np.float32)
    flags = np.zeros((4, 1), np.bool_)
    found = Outcomes(("a",), probabilities, probabilities >= 0.2, flags, flags[0], False, 0.2)
    np.testing.assert_allclose(found.sureness(0), [0, 0.5, 0.5, 1], atol=1e-6)
