"""Concepts against class labels: the published figures, cosines and synonyms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.evaluation.labels import LabelScorer
from engine.evaluation.results import Figure
from engine.names import compared, labels_of
from tests.shared import shared_path


@dataclass
class Letters:
    """A text's vector is how often it has each letter."""

    name: str = "letters"
    asked: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        counts = np.array([[text.count(chr(97 + k)) for k in range(26)] for text in texts], dtype=np.float32)
        vectors: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return vectors


@pytest.mark.parametrize("number", range(4))
def test_the_published_figures_with_their_errors(number: int) -> None:
    golden = json.loads(shared_path("goldens", "metrics.json").read_text())[number]
    scores = LabelScorer([tuple(labels) for labels in golden["gt"]]).score(golden["pred"])
    assert scores.hit_rate.mean == pytest.approx(golden["hit_rate"], abs=1e-12)
    figures = {"F1_score": scores.f1, "Precision": scores.precision, "Recall": scores.recall}
    for name, figure in figures.items():
        assert round(figure.mean, 4) == golden["pr"][name][name]
        assert round(figure.error, 4) == golden["pr"][name]["St_error"]


def test_the_papers_hit_rate_has_its_error() -> None:
    """Table 5 prints 0.2857 with 0.121 for 4 of 14 neurons."""
    hit = LabelScorer([("mass",)] * 14).score([["mass"]] * 4 + [["heart"]] * 10).hit_rate
    assert (round(hit.mean, 4), round(hit.error, 3)) == (0.2857, 0.121)


@pytest.mark.parametrize(
    ("class_name", "labels"),
    [
        ("Pleural_Thickening", ("pleural thickening",)),
        ("Pleural thickening", ("pleural thickening",)),
        ("tench, Tinca tinca", ("tench", "tinca tinca")),
    ],
)
def test_class_names_give_the_published_labels(class_name: str, labels: tuple[str, ...]) -> None:
    assert labels_of(class_name) == labels


def test_a_neuron_without_concepts_predicts_none() -> None:
    encoder = Letters()
    scores = LabelScorer([("mass",), ("none",)], [encoder]).score([[], []])
    assert scores.hit_rate.mean == 0.5
    expected = [float((encoder.encode(["none"]) @ encoder.encode([label]).T)[0, 0]) for label in ("mass", "none")]
    assert scores.similarity["letters"].mean == pytest.approx(np.mean(expected))


def test_a_cosine_is_the_mean_over_pairs_then_over_neurons() -> None:
    truth = [("mass",), ("heart", "large heart")]
    predicted = [["nodule", "mass", "lung"], ["heart"]]
    means = []
    for concepts, labels in zip(predicted, truth, strict=True):
        pairs = [Letters().encode(pair) for pair in product(concepts, labels)]
        means.append(np.mean([float(a @ b) for a, b in pairs]))
    found = LabelScorer(truth, [Letters()]).score(predicted).similarity["letters"]
    assert found.mean == pytest.approx(np.mean(means), abs=1e-6)
    assert found.error == pytest.approx(np.std(means) / np.sqrt(2), abs=1e-6)


def test_a_text_is_encoded_once() -> None:
    encoder = Letters()
    scorer = LabelScorer([("mass",), ("heart",)], [encoder])
    scorer.score([["mass"], ["lung", "mass"]])
    scorer.score([["lung"], ["mass"]])
    assert sorted(encoder.asked) == ["heart", "lung", "mass"]


def test_synonyms_count_as_their_own_label_only_and_once() -> None:
    synonyms = {"effusion": frozenset({"fluid"}), "edema": frozenset({"congestion"})}
    scorer = LabelScorer([("effusion",), ("edema",)], synonyms=synonyms)
    predicted = [["fluid", "effusion"], ["fluid"]]
    assert scorer.score(predicted).precision.mean == 0.25
    with_words = scorer.score_synonyms(predicted)
    assert with_words is not None
    assert with_words.precision == Figure(0.5, pytest.approx(0.5 / np.sqrt(2)))
    assert with_words.hit_rate.mean == 0.5
    assert LabelScorer([("a",)]).score_synonyms([["a"]]) is None


def test_what_is_compared_has_no_capitals_or_underscores() -> None:
    assert compared("Pleural_Thickening") == compared("pleural thickening")
