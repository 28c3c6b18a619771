"""Draws of patients, against counting and against a plain bootstrap."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from engine.annotation.competing import Competing
from engine.annotation.image_sets import ImageSets
from engine.evidence import bootstrap, halves
from engine.evidence.clusters import MOST, Clusters, Grouping
from engine.evidence.contest import Contest
from engine.evidence.metadata import Metadata, clusters_of
from engine.evidence.resampling import resample
from tests.engine.evidence.test_significance import population_of, small
from tests.support.metadata import column


def _grouping(embeddings: np.ndarray, patients: list[str | None]) -> Grouping:
    known = column(patients)
    nothing = np.zeros((len(patients), 0), dtype=np.bool_)
    metadata = Metadata((), nothing, known, column([None] * len(patients)), clusters_of(known))
    return Grouping(population_of(embeddings, embeddings), metadata)


def _rows(embeddings: np.ndarray) -> np.ndarray:
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def test_images_without_a_patient_are_on_their_own() -> None:
    assert clusters_of(column(["b", None, "a", "b", None])).tolist() == [1, 2, 0, 1, 3]


def test_a_set_is_cut_into_its_patients() -> None:
    embeddings, _ = small(8)
    held = _grouping(embeddings, ["a", "a", "b", None, None, "b", "a", "c"]).clusters(np.array([6, 4, 0], np.int32))
    assert (held.total, held.scale) == (2, 1.0)
    rows = _rows(embeddings)
    one, other = sorted(((rows[6] + rows[0]).tolist(), rows[4].tolist()))
    found = sorted(zip(held.sums.tolist(), held.sizes.tolist(), strict=True))
    assert found[0][0] == pytest.approx(one, abs=1e-5)
    assert found[1][0] == pytest.approx(other, abs=1e-5)
    assert sorted(held.sizes.tolist()) == [1.0, 2.0]


def test_two_patients_are_drawn_in_all_ways_there_are() -> None:
    """Both of them in half of the draws, and either alone in a quarter."""
    sums = np.eye(2, dtype=np.float32)
    directions = np.float32([[0.4, 1.0], [0.9, 0.4]])
    scores = directions.astype(float).mean(axis=1)
    clusters = Clusters(2, sums, np.ones(2, np.float32))
    margins, changed, rival, wins = bootstrap.margins(clusters, scores, directions)
    values, counts = np.unique(margins.round(5), return_counts=True)
    assert values == pytest.approx([-0.5, 0.05, 0.6], abs=1e-5)
    assert counts / bootstrap.DRAWS == pytest.approx([0.25, 0.5, 0.25], abs=0.06)
    assert changed == counts[0] / bootstrap.DRAWS
    assert rival == 1
    assert wins.tolist() == [1 - changed, changed]


def test_margin_and_change_are_those_of_a_plain_bootstrap() -> None:
    embeddings, directions = small(40, concepts=12, seed=5)
    patients = [str(index // 3) for index in range(40)]
    images = np.arange(0, 40, 2, dtype=np.int32)
    held = _grouping(embeddings, patients).clusters(images)
    scores = _rows(embeddings)[images].mean(axis=0) @ directions.T
    order = np.argsort(-scores)
    margins, changed, rival, wins = bootstrap.margins(held, scores[order], directions[order].astype(np.float32))
    rng = np.random.default_rng(3)
    by_patient = [images[images // 3 == patient] for patient in np.unique(images // 3)]
    plain, best = [], []
    for _ in range(4000):
        drawn = np.concatenate([by_patient[index] for index in rng.integers(len(by_patient), size=len(by_patient))])
        drawn_scores = _rows(embeddings)[drawn].mean(axis=0) @ directions[order].T
        plain.append(drawn_scores[0] - drawn_scores[1])
        best.append(int(drawn_scores.argmax()))
    assert np.quantile(margins, (0.025, 0.975)) == pytest.approx(
        np.quantile(plain, (0.025, 0.975)), abs=0.4 * np.std(plain)
    )
    assert margins.std() == pytest.approx(np.std(plain), rel=0.1)
    assert changed == pytest.approx(np.mean(np.array(best) != 0), abs=0.07)
    assert wins == pytest.approx(np.bincount(best, minlength=12) / 4000, abs=0.07)
    assert rival == np.bincount([place for place in best if place]).argmax()


def test_of_few_patients_any_concept_may_come_to_be_the_best() -> None:
    """A concept that one of three images alone has is far behind when measured by all images' standard errors."""
    rng = np.random.default_rng(2)
    embeddings = np.hstack([np.ones((3000, 1)), 0.1 * rng.normal(size=(3000, 80)), np.zeros((3000, 1))])
    embeddings[0] = 0.1
    embeddings[0, -1] = 1.5
    directions = np.eye(82)
    directions[-1, 0] = -0.6
    contest = Contest.of(Competing.of(directions, np.arange(82)), population_of(embeddings, directions))
    images = np.arange(3, dtype=np.int32)
    every = _rows(embeddings)[images] @ directions.T
    scores = every.mean(axis=0)
    assert 81 not in contest.contestants(scores[None])
    found = resample(ImageSets(images, np.array([0, 3])), _grouping(embeddings, [None] * 3000), scores[None], contest)
    ways = np.array(list(product(range(3), repeat=3)))
    assert np.mean(every[ways].mean(axis=1).argmax(axis=1) != scores.argmax()) == 7 / 27
    assert found.change_chances == pytest.approx([7 / 27], abs=0.06)
    assert found.rivals.tolist() == [81] != [np.argsort(scores)[-2]]


def test_a_sample_of_many_patients_has_the_right_spread() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(4000, 6)).astype(np.float32)
    held = _grouping(embeddings, [None] * 4000).clusters(np.arange(4000, dtype=np.int32))
    assert (held.total, len(held.sizes)) == (4000, MOST)
    directions = np.eye(6, dtype=np.float32)[:2]
    margins, *_ = bootstrap.margins(held, np.array([0.3, 0.1]), directions)
    rows = _rows(embeddings)
    assert margins.mean() == pytest.approx(0.2, abs=0.002)
    assert margins.std() == pytest.approx((rows[:, 0] - rows[:, 1]).std() / np.sqrt(4000), rel=0.2)


def test_which_concepts_the_draws_score() -> None:
    """The best and the second best come first, then the nearest; all of them where there are few."""
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(200, 4)).astype(np.float32)
    covariance = np.diag([1.0, 2.0, 0.5, 1.0])
    deviations = np.sqrt(np.einsum("kd,kd->k", directions @ covariance, directions))
    scores = rng.normal(size=(5, 200))
    spread = (directions @ covariance).astype(np.float32)
    found = bootstrap.contestants(scores, directions, spread, deviations)
    assert found[:, :2].tolist() == np.argsort(-scores, axis=1)[:, :2].tolist()
    assert found.shape == (5, bootstrap.CONTESTANTS)
    assert all(len(set(row)) == bootstrap.CONTESTANTS for row in found.tolist())
    gaps = (scores[0, found[0, 0]] - scores[0]) / [
        max(np.sqrt((directions[found[0, 0]] - d) @ covariance @ (directions[found[0, 0]] - d)), 1e-9)
        for d in directions
    ]
    assert gaps[found[0, 2:]].max() <= np.delete(gaps, found[0]).min() + 1e-6
    for few in (1, 2, 3):
        part = bootstrap.contestants(scores[:, :few], directions[:few], spread[:few], deviations[:few])
        assert sorted(part[0].tolist()) == list(range(few))


def test_halves_are_the_scores_of_both_halves() -> None:
    """A half's mean and that of the rest lie on both sides of the whole, weighted by their images."""
    embeddings, directions = small(30, concepts=6, seed=2)
    patients = [str(index // 4) for index in range(30)]
    images = np.arange(30, dtype=np.int32)
    held = _grouping(embeddings, patients).clusters(images)
    first, ratios = halves.half_means(held)
    whole = _rows(embeddings).mean(axis=0)
    for split in range(halves.SPLITS):
        for mean in (whole + first[split], whole - ratios[split] * first[split]):
            sides = [(held.sums[list(side)].sum(axis=0) / held.sizes[list(side)].sum()) for side in _halves_of(8)]
            assert min(np.abs(mean - side).max() for side in sides) < 1e-5
    scores = whole @ directions.T
    centred = scores - 0.3 * scores.mean()
    agreement, correlation = halves.agreement(scores, centred, (first @ directions.T).astype(np.float32), ratios)
    pairs = [(centred + f @ directions.T, centred - r * f @ directions.T) for f, r in zip(first, ratios, strict=True)]
    same = [(a - centred + scores).argmax() == (b - centred + scores).argmax() for a, b in pairs]
    assert agreement == np.mean(same)
    assert correlation == pytest.approx(np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs]), abs=1e-5)


def _halves_of(count: int) -> list[tuple[int, ...]]:
    return list(combinations(range(count), count // 2))


def test_alike_patients_agree_in_every_split() -> None:
    sums = np.tile(np.float32([0.2, 0.5, 0.1]), (7, 1))
    first, ratios = halves.half_means(Clusters(7, sums, np.ones(7, np.float32)))
    scores = np.array([0.1, 0.5, 0.3])
    assert halves.agreement(scores, scores, first, ratios) == pytest.approx((1.0, 1.0))
    assert np.isnan(halves.agreement(scores[:2], scores[:2], first[:, :2], ratios)[1])
    assert np.isnan(halves.agreement(np.ones(3), np.zeros(3), np.zeros((20, 3), np.float32), ratios)[1])
