"""The candidates of a neuron: a confidence set for its best concept.

A concept is left out where some other concept is above it by more than chance. So for concept j, T_j is the largest of
(s_k − s_j)/SE_kj over the other concepts k, and j is a candidate as long as T_j is within the CONFIDENCE quantile of the
largest such ratio among deviations with the same covariance. If j is the best concept of the population, all of the
s_k − s_j are below 0 there, so j is left out in at most 1 − CONFIDENCE of the samples, however many concepts tie with it.
(Multiple comparisons with the best: Hsu 1984; a confidence set for the first rank: Mogstad, Romano, Shaikh, Wilhelm
2024.) The percentiles of bootstrap winners have no such property: of k concepts that tie, a sample's winners hold few.

Patients are drawn, not images. A fresh sample would have other images near the edge of the selection: in the mean of the
top share of a distribution, an image counts by its distance from the images at the edge (the influence function of a
trimmed mean: Stigler 1973), and the number of patients above the edge varies. Deviations are Gaussian over patients, and
divided by √(χ²/degrees of freedom): of few patients the errors are hardly known, and more concepts stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.evidence.bootstrap import DRAWS, FEW
from engine.evidence.clusters import MOST, Clusters
from engine.evidence.details import Bools, Floats, Integers

CONFIDENCE = 0.9
MANY = 5
"""Candidates above which a neuron's best concept is told as one of many"""
_NORMAL = np.random.default_rng(19).standard_normal((DRAWS, MOST + 1), dtype=np.float32)
_CLEARLY, _FROM = 3.5, 30
"""A T_j that no quantile reaches with as many degrees of freedom: Bonferroni's of 64 contestants is below it"""
_LEAST = 1e-4
"""The least SE_kj, in units of the largest standard error of a score: below it float32 rounds"""


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    """How the scores of r concepts deviate from sample to sample."""

    roots: NDArray[np.float32]
    """Rows whose products sum to the covariance of the scores, [g + 1, r]"""
    degrees: int
    """Degrees of freedom of that covariance, at least 1"""

    @classmethod
    def of(
        cls, clusters: Clusters, edge: NDArray[np.float32], share: float, directions: NDArray[np.float32]
    ) -> Deviations:
        """Of the clusters, at least two, of a neuron's images, which are `share` of all.

        Takes the mean unit embedding of the images at the edge of the selection [d], and the directions [r, d].
        """
        held, images = len(clusters.sizes), clusters.sizes.sum()
        sums, least = clusters.sums @ directions.T, directions @ edge
        parts = sums - clusters.sizes[:, None] * least
        parts -= parts.mean(axis=0)
        parts *= clusters.scale * np.sqrt(held / (held - 1)) / images
        number = (sums.sum(axis=0) / images - least) * np.sqrt((1 - share) / clusters.total)
        return cls(np.concatenate([parts, number[None]]).astype(np.float32), held - 1)


def held(
    clusters: Clusters,
    edge: NDArray[np.float32],
    share: float,
    scores: Floats,
    directions: NDArray[np.float32],
    contestants: Integers,
) -> Integers:
    """The candidates of a neuron by place among the k directions, score descending.

    Takes its clusters, at least two, the mean at the edge [d] and the share of all images that its images are, the
    scores [k], the directions [k, d], and the contestants [r], the best one first: the others are left out unheard,
    but all k are candidates where no contestant can be left out, and of few clusters all are compared with the best.
    """
    deviations = Deviations.of(clusters, edge, share, directions[contestants])
    kept, quantile = among(scores[contestants], deviations)
    if kept.all():
        found = np.arange(len(scores))
    elif clusters.total <= FEW:
        order = np.append(contestants, np.delete(np.arange(len(scores)), contestants))
        near = behind_the_best(scores[order], Deviations.of(clusters, edge, share, directions[order]), quantile)
        near[: len(contestants)] = kept
        found = order[near]
    else:
        found = contestants[kept]
    return found[np.argsort(-scores[found], kind="stable")]


def among(scores: Floats, deviations: Deviations) -> tuple[Bools, float]:
    """Which of r concepts, of which the first has the highest of the scores [r], are candidates, [r].

    Also gives the quantile that the first would be left out beyond.
    """
    errors = _errors(deviations.roots)
    largest = ((scores - scores[:, None]) / errors).max(axis=1)
    drawn = np.ascontiguousarray((_NORMAL[:, : len(deviations.roots)] @ deviations.roots).T)
    drawn /= _student(deviations.degrees)
    inverse = (1 / errors).astype(np.float32)
    work = np.empty_like(drawn)

    def highest(concept: int) -> NDArray[np.float32]:
        """The largest ratio of the others to a concept in each draw, [DRAWS]."""
        np.subtract(drawn, drawn[concept], out=work)
        np.multiply(work, inverse[concept, :, None], out=work)
        found: NDArray[np.float32] = work.max(axis=0)
        return found

    kept = largest <= 0
    tried = ~kept & ((largest <= _CLEARLY) | (deviations.degrees < _FROM))
    for concept in np.flatnonzero(tried).tolist():
        kept[concept] = np.mean(highest(concept) >= largest[concept]) > 1 - CONFIDENCE
    return kept, float(np.quantile(highest(0), CONFIDENCE))


def behind_the_best(scores: Floats, deviations: Deviations, quantile: float) -> Bools:
    """Which of k concepts, the best one first, are within a quantile of it, [k]."""
    roots = deviations.roots - deviations.roots[:, :1]
    errors = np.sqrt(np.einsum("gk,gk->k", roots, roots))
    near: Bools = scores[0] - scores <= quantile * errors
    return near


def _errors(roots: NDArray[np.float32]) -> Floats:
    """SE_kj of each pair of scores, [r, r]."""
    covariance = (roots.T @ roots).astype(np.float64)
    variances = np.diag(covariance)
    least = _LEAST**2 * max(float(variances.max()), np.finfo(np.float64).tiny)
    errors: Floats = np.sqrt(np.maximum(variances + variances[:, None] - 2 * covariance, least))
    return errors


@lru_cache(maxsize=4096)
def _student(degrees: int) -> NDArray[np.float32]:
    """√(χ²/degrees) in each draw, [DRAWS]."""
    drawn = np.random.default_rng((19, degrees)).chisquare(degrees, DRAWS) / degrees
    return np.sqrt(drawn).astype(np.float32)
