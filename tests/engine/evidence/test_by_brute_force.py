"""Evidence over a whole run file against plain NumPy on the same arrays, by the definitions alone.

The run has several films of most patients, two concept sets, and a layer whose units look at concepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts
from engine.evidence.answers import NeuronEvidence
from engine.evidence.columns import (
    CHANGE_CHANCE,
    HALF_AGREEMENT,
    HALF_CORRELATION,
    MARGIN_INTERVAL,
    P_VALUE,
    PATIENTS,
    Q_VALUE,
    RIVAL,
    SECOND,
)
from engine.evidence.details import Trust
from engine.evidence.image_columns import LABEL_SHARE, PATIENT_SHARE, TIGHTNESS, VIEW_SHARE
from engine.evidence.live import Evidence
from engine.probing.base import Image
from engine.requery import Requery
from engine.store.batch import Batch
from engine.store.contents import RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.runs import small_contents

ALPHA, BETA, SET = 0.6, 0.9, "set 1"
UNITS = 14


@dataclass
class Arrays:
    """The arrays of a run, as they went in."""

    images: list[Image]
    scores: np.ndarray
    """Scores of each image with each concept of the set, [p, k]"""
    concepts: list[int]
    vectors: np.ndarray
    activations: np.ndarray
    """[p, units]"""

    @classmethod
    def of(cls, contents: RunContents, batches: list[Batch]) -> Arrays:
        usable = [not film.reason for batch in batches for film in batch.images]
        embeddings = _unit(np.concatenate([batch.embeddings for batch in batches]).astype(np.float64))
        concepts = list(next(each for each in contents.concept_sets if each.name == SET).concepts)
        texts = _unit(contents.text_embeddings.astype(np.float64))
        template = _unit(contents.template_embedding.astype(np.float64))
        return cls(
            [image for image, use in zip(contents.images, usable, strict=True) if use],
            embeddings @ (texts[concepts] - template).T,
            concepts,
            embeddings,
            np.concatenate([batch.activations["layer1"] for batch in batches]).astype(np.float64),
        )

    def chosen(self, unit: int) -> np.ndarray:
        """Eq. 1."""
        values = self.activations[:, unit]
        return np.flatnonzero(values > values.max() - (1 - ALPHA) * (values.max() - values.min()))

    def z(self, images: np.ndarray) -> np.ndarray:
        total, count = len(self.scores), images.shape[-1]
        error = self.scores.std(axis=0) * np.sqrt((total - count) / (total - 1) / count)
        return (self.scores[images].mean(axis=-2) - self.scores.mean(axis=0)) / error

    def patients(self, images: np.ndarray) -> list[np.ndarray]:
        of = [self.images[image].patient for image in images]
        return [images[[other == patient for other in of]] for patient in dict.fromkeys(of)]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def arrays_evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Arrays, Evidence]]:
    contents, batches = small_contents(images=150, seed=11, sets=2)
    texts = _unit(contents.text_embeddings)
    for batch in batches:
        for unit in range(3, UNITS):
            batch.activations["layer1"][:, unit] += 0.7 * _unit(batch.embeddings) @ texts[unit] * 3
    path = tmp_path_factory.mktemp("brute") / "run.duckdb"
    assemble(path, contents, batches)
    with RunReader(path) as reader:
        yield Arrays.of(contents, batches), Evidence(reader, Requery(reader))


@pytest.fixture(params=range(3, UNITS))
def neuron(request: pytest.FixtureRequest, arrays_evidence: tuple[Arrays, Evidence]) -> tuple[Arrays, NeuronEvidence]:
    arrays, evidence = arrays_evidence
    return arrays, evidence.neuron("layer1", request.param, Cuts(ALPHA, BETA, SET))


def test_z_and_the_chance_that_random_sets_do_as_well(neuron: tuple[Arrays, NeuronEvidence]) -> None:
    arrays, found = neuron
    images = arrays.chosen(found.unit)
    scores = arrays.scores[images].mean(axis=0)
    assert (found.count, found.best) == (len(images), arrays.concepts[scores.argmax()])
    np.testing.assert_allclose(found.z_scores[arrays.concepts], arrays.z(images), atol=2e-5)
    np.testing.assert_allclose(found.centred_scores[arrays.concepts], scores - arrays.scores.mean(axis=0), atol=1e-6)
    rng = np.random.default_rng(0)
    drawn = np.array([rng.choice(len(arrays.images), len(images), replace=False) for _ in range(4000)])
    z = arrays.z(drawn)
    best = scores.argmax()
    reached = np.mean(z.max(axis=1) >= arrays.z(images)[best])
    assert found.adjusted_p_values[found.best] == pytest.approx(reached, abs=0.03)
    alone = np.mean(z[:, best] >= arrays.z(images)[best])
    assert found.p_values[found.best] == pytest.approx(alone, abs=0.015)


def test_q_is_corrected_over_units_of_two_images_or_more(arrays_evidence: tuple[Arrays, Evidence]) -> None:
    _, evidence = arrays_evidence
    for alpha in (ALPHA, 0.93):
        layer = evidence.layer("layer1", Cuts(alpha, BETA, SET))
        counts = [evidence.neuron("layer1", unit, Cuts(alpha, BETA, SET)).count for unit in range(UNITS)]
        tests = {unit: layer[P_VALUE][unit] for unit in range(UNITS) if counts[unit] > 1}
        ranked = sorted(tests, key=tests.__getitem__)
        for place, unit in enumerate(ranked):
            later = [tests[other] * len(ranked) / (rank + 1) for rank, other in enumerate(ranked) if rank >= place]
            assert layer[Q_VALUE][unit] == pytest.approx(min(1.0, *later))
        assert all(layer[Q_VALUE][unit] == 1 for unit in range(UNITS) if counts[unit] == 1)
    assert 1 in counts


def test_draws_of_patients(neuron: tuple[Arrays, NeuronEvidence]) -> None:
    arrays, found = neuron
    patients = arrays.patients(arrays.chosen(found.unit))
    assert 1 < found[PATIENTS] == len(patients) <= found.count
    rng = np.random.default_rng(1)
    drawn_scores = []
    for _ in range(4000):
        drawn = np.concatenate([patients[place] for place in rng.integers(len(patients), size=len(patients))])
        drawn_scores.append(arrays.scores[drawn].mean(axis=0))
    scores = np.array(drawn_scores)
    first, second = arrays.concepts.index(found.best), arrays.concepts.index(found[SECOND])
    margins = scores[:, first] - scores[:, second]
    wins = Counter(arrays.concepts[place] for place in scores.argmax(axis=1))
    assert found[CHANGE_CHANCE] == pytest.approx(1 - wins.pop(found.best, 0) / len(scores), abs=0.08)
    np.testing.assert_allclose(found[MARGIN_INTERVAL], np.quantile(margins, (0.025, 0.975)), atol=0.35 * margins.std())
    rivals = wins.most_common(2)
    if found[CHANGE_CHANCE] > 0.1 and (len(rivals) == 1 or rivals[0][1] > 2 * rivals[1][1]):
        assert found[RIVAL] == rivals[0][0]


def test_halves_of_the_patients(neuron: tuple[Arrays, NeuronEvidence]) -> None:
    arrays, found = neuron
    patients = arrays.patients(arrays.chosen(found.unit))
    rng = np.random.default_rng(2)
    same, correlations = [], []
    for _ in range(400):
        order = rng.permutation(len(patients))
        halves = np.split(order, [len(patients) // 2])
        means = [arrays.scores[np.concatenate([patients[place] for place in half])].mean(axis=0) for half in halves]
        same.append(means[0].argmax() == means[1].argmax())
        correlations.append(np.corrcoef(*(mean - arrays.scores.mean(axis=0) for mean in means))[0, 1])
    assert found[HALF_AGREEMENT] == pytest.approx(np.mean(same), abs=0.35)
    assert found[HALF_CORRELATION] == pytest.approx(np.mean(correlations), abs=4 * np.std(correlations) / np.sqrt(20))


def test_how_alike_the_images_are_and_what_they_have_in_common(
    neuron: tuple[Arrays, NeuronEvidence], arrays_evidence: tuple[Arrays, Evidence]
) -> None:
    arrays, found = neuron
    images = arrays.chosen(found.unit)

    def alike(places: np.ndarray) -> float:
        return float(np.mean([arrays.vectors[one] @ arrays.vectors[other] for one, other in combinations(places, 2)]))

    assert found[TIGHTNESS] == pytest.approx(alike(images), abs=1e-5)
    assert found.base_tightness == pytest.approx(alike(np.arange(len(arrays.images))), abs=1e-5)
    layer = arrays_evidence[1].layer("layer1", Cuts(ALPHA, BETA, SET))
    chosen = [arrays.images[image] for image in images]
    for shares, counted in (
        (layer[PATIENT_SHARE], Counter(image.patient for image in chosen)),
        (layer[VIEW_SHARE], Counter(image.view for image in chosen)),
        (layer[LABEL_SHARE], Counter(label for image in chosen for label in image.labels)),
    ):
        assert shares[found.unit] == pytest.approx(counted.most_common(1)[0][1] / len(images))


def test_a_few_recorded_patients_are_not_all_patients(tmp_path: Path) -> None:
    """Two of a neuron's images have a patient, the same one; the others have none."""
    contents, batches = small_contents(images=150, seed=11)
    for batch in batches:
        batch.activations["layer1"][:, 4] = _unit(batch.embeddings) @ _unit(contents.text_embeddings[7])
    arrays = Arrays.of(*small_contents(images=150, seed=11, sets=2))
    values = np.concatenate([batch.activations["layer1"][:, 4] for batch in batches])
    two = {arrays.images[place].path for place in np.argsort(-values)[:2]}
    images = [replace(image, patient="7" if image.path in two else None) for image in contents.images]
    path = tmp_path / "run.duckdb"
    assemble(path, replace(contents, images=images), batches)
    with RunReader(path) as reader:
        found = Evidence(reader, Requery(reader)).neuron("layer1", 4, Cuts(ALPHA, BETA))
    (share,) = [confound.share for confound in found.confounds if confound.kind == "patient"]
    assert share == pytest.approx(2 / found.count)
    assert found[PATIENTS] == found.count - 1
    assert "one patient" not in found.sentence
    assert found.trust is not Trust.WEAK
