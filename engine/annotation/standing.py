"""How far a concept's score lies above that of random image sets: z, by which a run may rank concepts.

The score of a random set of n of the N images, drawn without replacement, has the mean μ_j and the variance
σ_j²/n·(N − n)/(N − 1), where μ_j and σ_j² are the mean and variance of v_o·(t_j − t_tem) over all N images (Cochran,
Sampling Techniques, 1977, theorem 2.2). So z_j = (s_j − μ_j)/√variance. The bare template shifts s_j and μ_j alike: z
does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows, parts

Floats = NDArray[np.float64]
_ROWS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean and standard deviation of v_o·(t_j − t_tem) over all N images, for k concepts."""

    images: int
    """N"""
    means: Floats
    """μ_j, [k]"""
    deviations: Floats
    """σ_j, [k]; 0 for a concept with the same score on every image, whose z is 0"""

    def of(self, concepts: NDArray[np.int64]) -> Moments:
        """Those of some concepts."""
        return Moments(self.images, self.means[concepts], self.deviations[concepts])

    def z_scores(self, scores: Floats, counts: NDArray[np.int64] | int) -> Floats:
        """z [..., k] of scores [..., k] over sets of `counts` [...] images; 0 where a set is empty or holds all."""
        errors = standard_errors(self.deviations, np.asarray(counts)[..., None], self.images)
        return z_scores(scores - self.means, errors)


def standard_errors(deviations: Floats, counts: NDArray[np.int64] | int, images: int) -> Floats:
    """Standard deviation of the mean over a random set of `counts` of `images`, drawn without replacement; 0 for a set
    of none. The deviations [k] and the counts [...] are broadcast."""
    sizes = np.asarray(counts, dtype=np.float64)
    left = np.divide(images - sizes, max(images - 1, 1))
    errors: Floats = deviations * np.sqrt(np.divide(left, sizes, out=np.zeros_like(left), where=sizes > 0))
    return errors


def z_scores(centred: Floats, errors: Floats) -> Floats:
    """Centred scores over their standard errors, [..., k]; 0 where the error is 0."""
    scores: Floats = np.divide(centred, errors, out=np.zeros_like(centred), where=errors > 0)
    return scores


def moments(mean: Floats, covariance: Floats, directions: Floats, images: int) -> Moments:
    """From the mean [d] and covariance [d, d] of all images' unit embeddings, and the directions t_j − t_tem [k, d].

    A deviation no larger than the rounding of float32 embeddings is 0. Equal directions get equal moments, to the last
    bit: a matrix product may round equal rows differently.
    """
    places: dict[bytes, int] = {}
    rows = np.array([places.setdefault(row.tobytes(), len(places)) for row in directions], dtype=np.int64)
    _, first = np.unique(rows, return_index=True)
    distinct = directions[first]
    variances = np.einsum("kd,kd->k", distinct @ covariance, distinct)
    rounding = np.finfo(np.float32).eps * np.linalg.norm(distinct, axis=1)
    deviations = np.sqrt(np.maximum(variances, 0.0))
    deviations = np.where(deviations > rounding, deviations, 0.0)
    return Moments(images, (distinct @ mean)[rows], deviations[rows])


def spread_of(
    embeddings: Rows, inverse_lengths: Floats, among: NDArray[np.integer] | None = None
) -> tuple[Floats, Floats]:
    """The mean [d] and the covariance [d, d], divided by N, of unit embeddings, from embeddings [p, d] and the inverse
    of their lengths [p]: of all N = p images, or of the N images `among` [N]."""
    dimension = embeddings.shape[1]
    count = len(embeddings) if among is None else len(among)
    mean = np.zeros(dimension)
    for part in _parts(count, among):
        mean += inverse_lengths[part] @ embeddings[part].astype(np.float64)
    mean /= max(count, 1)
    total = np.zeros((dimension, dimension))
    for part in _parts(count, among):
        deviations = embeddings[part] * inverse_lengths[part, None].astype(np.float32)
        deviations -= mean.astype(np.float32)
        total += deviations.T @ deviations
    return mean, total / max(count, 1)


def _parts(count: int, among: NDArray[np.integer] | None) -> Iterator[Any]:
    """What indexes `count` rows, _ROWS at a time."""
    return (part if among is None else among[part] for part in parts(count, _ROWS))
