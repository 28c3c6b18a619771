"""The candidates of a neuron: a confidence set for its best concept.

A concept is left out where some other concept is above it by more than chance. For concept j, T_j is the largest of
(s_k − s_j)/SE_kj over the other concepts k, and j stays as long as T_j is within the CONFIDENCE quantile of the largest
such ratio among deviations with the same covariance. If j is the best concept of the population, none of the s_k − s_j
is above 0 there, so j is left out in at most 1 − CONFIDENCE of the samples, however many concepts tie with it
(multiple comparisons with the best: Hsu 1984; a confidence set for the first rank: Mogstad, Romano, Shaikh, Wilhelm
2024). The percentiles of bootstrap winners have no such property: of k concepts that tie, the winners hold few.

Patients are drawn, not images. A fresh sample would have other images near the edge of the selection: in the mean of
the top share of a distribution, an image counts by its distance from the images at the edge (the influence function of
a trimmed mean: Stigler 1973), and the number of patients above the edge varies. Few patients may be alike by chance,
and hardly show how their scores vary. So their covariance is pooled with that of all images, as if PRIOR more patients
had been seen (as Smyth 2004 moderates variances), and deviations are multivariate t rather than Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.evidence.bootstrap import DRAWS
from engine.evidence.clusters import Clusters
from engine.evidence.contest import Contest
from engine.evidence.details import Bools, Floats, Integers

CONFIDENCE = 0.9
PRIOR = 10
"""Patients that the covariance of all images stands for"""
FEW_CONCEPTS = 192
"""Concepts up to which all are compared with each other"""
_NORMAL = np.random.default_rng(19).standard_normal((FEW_CONCEPTS, DRAWS), dtype=np.float32)
_ROUNDING = 1e-4
"""What is added to each variance, in units of the largest and more than float32 rounds: concepts that hardly differ
are not told apart"""
_IN_A_ROW = 16
"""Quantiles differ little between concepts: in the order of T_j, after as many that are left out the others are too"""


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """The representative images of a neuron."""

    clusters: Clusters
    """At least two"""
    edge: NDArray[np.float32]
    """The mean unit embedding of those at the edge of the selection, [d]"""
    share: float
    """Their share of all images"""

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the pooled covariance."""
        return PRIOR + len(self.clusters.sizes) - 1

    def roots(self, directions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rows whose products sum to the covariance of the scores of r directions [r, d], [g + 1, r]."""
        clusters = self.clusters
        count, images = len(clusters.sizes), clusters.sizes.sum()
        sums, least = clusters.sums @ directions.T, directions @ self.edge
        parts = sums - clusters.sizes[:, None] * least
        parts -= parts.mean(axis=0)
        parts *= clusters.scale * np.sqrt(count / (count - 1)) / images
        number = (sums.sum(axis=0) / images - least) * np.sqrt((1 - self.share) / clusters.total)
        return np.concatenate([parts, number[None]]).astype(np.float32)

    def pooled(self, own: Floats, of_all: Floats) -> Floats:
        """The covariance of scores over these images, pooled with that of one image's scores among all."""
        patients = self.degrees - PRIOR
        pooled: Floats = (patients * own + PRIOR * of_all / self.clusters.total) / self.degrees
        return pooled


def held(images: Images, scores: Floats, contest: Contest, contestants: Integers) -> Integers:
    """The candidates of a neuron by place among the k directions, score descending.

    Takes its scores [k] and its contestants [r]. Of more than FEW_CONCEPTS only the contestants are compared with each
    other. The other concepts are further behind the best one. They are left out if most contestants are, else all k
    are candidates: the neuron does not tell its concepts apart.
    """
    every = np.arange(len(scores))
    compared = every if len(every) <= FEW_CONCEPTS else contestants
    directions = contest.narrow[compared]
    roots, of_all = images.roots(directions).astype(np.float64), contest.spread[compared] @ directions.T
    covariance = images.pooled(roots.T @ roots, (of_all + of_all.T) / 2)
    most = len(compared) // 2 if len(compared) < len(every) else len(compared)
    kept = among(scores[compared], covariance, images.degrees, most)
    found = every if np.count_nonzero(kept) > most else compared[kept]
    return found[np.argsort(-scores[found], kind="stable")]


def among(scores: Floats, covariance: Floats, degrees: int, most: int) -> Bools:
    """Which of r concepts, at most FEW_CONCEPTS, are candidates, [r].

    Takes their scores [r], the covariance of the scores [r, r], and its degrees of freedom. It gives up where more than
    `most` are candidates.
    """
    least = max(_ROUNDING * float(np.diag(covariance).max()), 1e-30)
    covariance = covariance + least * np.eye(len(scores))
    variances = np.diag(covariance)
    errors = np.sqrt(np.maximum(variances + variances[:, None] - 2 * covariance, least))
    largest = ((scores - scores[:, None]) / errors).max(axis=1)
    drawn = np.linalg.cholesky(covariance).astype(np.float32) @ _NORMAL[: len(scores)]
    drawn /= _student(degrees)
    inverse = (1 / errors).astype(np.float32)
    kept: Bools = largest <= 0
    work = np.empty_like(drawn)
    left_out, number = 0, int(np.count_nonzero(kept))
    for concept in np.argsort(largest, kind="stable")[number:].tolist():
        np.subtract(drawn, drawn[concept], out=work)
        np.multiply(work, inverse[concept, :, None], out=work)
        kept[concept] = np.count_nonzero(work.max(axis=0) >= largest[concept]) > (1 - CONFIDENCE) * DRAWS
        number += int(kept[concept])
        left_out = 0 if kept[concept] else left_out + 1
        if left_out == _IN_A_ROW or number > most:
            break
    return kept


@lru_cache(maxsize=4096)
def _student(degrees: int) -> NDArray[np.float32]:
    """√(χ²/degrees) in each draw, [DRAWS]."""
    drawn = np.random.default_rng((19, degrees)).chisquare(degrees, DRAWS) / degrees
    return np.sqrt(drawn).astype(np.float32)
