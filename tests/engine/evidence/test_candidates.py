"""Candidates hold the best concept in at least nine of ten samples, however close the others are."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation.competing import Competing
from engine.annotation.image_sets import ImageSets
from engine.evidence.candidates import CONFIDENCE, FEW_CONCEPTS, Images, among
from engine.evidence.clusters import Clusters
from engine.evidence.contest import Contest
from engine.evidence.resampling import resample
from tests.engine.evidence.test_bootstrap import _grouping
from tests.engine.evidence.test_significance import population_of

SAMPLES = 200
ALLOWED = CONFIDENCE - 2 * np.sqrt(CONFIDENCE * (1 - CONFIDENCE) / SAMPLES)
"""The least share of samples that goes with the nominal one"""


def _kept(means: np.ndarray, patients: int, rng: np.random.Generator) -> np.ndarray:
    """The candidates in SAMPLES samples of Gaussian scores with these means and uneven variances, [SAMPLES, k]."""
    scale = 0.5 + rng.random(len(means))
    rows = means + scale * rng.standard_normal((SAMPLES, patients, len(means)))
    nothing = np.zeros((patients, 1), np.float32)
    images = Images(Clusters(patients, nothing, np.ones(patients, np.float32)), nothing[0], 0.1)
    covariances = [images.pooled(np.cov(part.T) / patients, np.diag(scale**2)) for part in rows]
    return np.array(
        [among(part.mean(axis=0), own, images.degrees, 12) for part, own in zip(rows, covariances, strict=True)]
    )


@pytest.mark.parametrize("behind", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("patients", [4, 40])
def test_the_best_concept_is_among_them(behind: float, patients: int) -> None:
    """Concept 3 leads the 11 others by so many standard deviations of a patient; with 0 all of them tie."""
    means = np.full(12, -behind)
    means[3] = 0.0
    kept = _kept(means, patients, np.random.default_rng(patients))
    assert kept[:, 3].mean() >= ALLOWED
    if behind == 0:
        assert kept.mean() >= ALLOWED - 0.02
    if behind == 1 and patients == 40:
        assert np.median(kept.sum(axis=1)) <= 2


def test_equal_concepts_are_never_told_apart() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((30, 3))[:, [0, 1, 0, 2]] + [1.0, 0.0, 1.0, -9.0]
    kept = among(rows.mean(axis=0), np.cov(rows.T) / 30, 29, 4)
    assert kept[0] == kept[2]
    assert not kept[3]
    assert among(np.zeros(2), np.zeros((2, 2)), 3, 2).all()
    assert among(np.array([0.4]), np.array([[0.1]]), 3, 1).tolist() == [True]


@pytest.mark.parametrize("concepts", [40, FEW_CONCEPTS + 40])
def test_candidates_of_whole_units(concepts: int) -> None:
    """A unit of films that show one concept has that one; one of random films cannot tell them apart; one of a single
    patient has all of them, none of which was drawn."""
    rng = np.random.default_rng(3)
    directions = np.eye(concepts)
    embeddings = 1 + 0.2 * rng.standard_normal((600, concepts))
    embeddings[:50, 5] += 1
    population = population_of(embeddings, directions)
    contest = Contest.of(Competing.of(directions, np.arange(concepts)), population)
    parts = [np.arange(40), rng.permutation(np.arange(60, 600))[:40], np.array([590])]
    sets = ImageSets(np.concatenate(parts).astype(np.int32), np.array([0, 40, 80, 81]))
    rows = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    scores = np.stack([rows[part].mean(axis=0) @ directions.T for part in parts])
    found = resample(sets, _grouping(embeddings, [None] * 600), scores, contest)
    assert found.candidates[0] == 1
    assert [(each.concept, each.share) for each in found.candidate_concepts[0]] == [(5, 1.0)]
    assert found.candidates[1] > concepts / 2
    assert found.candidates[2] == concepts
    assert found.candidate_concepts[2] == ()
    listed = found.candidate_concepts[1]
    assert listed[0].concept == scores[1].argmax()
    assert len(listed) <= 64
