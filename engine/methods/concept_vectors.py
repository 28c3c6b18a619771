"""Concept activation vectors and their test, in NumPy: what TCAV does with activations and gradients.

A concept activation vector is the direction, among a layer's pooled activations [units], that separates images of a
concept from others: the weights of a linear classifier. Here the classifier is ridge regression on targets of +1 and
−1, which has a closed form and needs no iterations. With centred activations X [2n, units] of n images on each side,

    w = Xᵀ (X Xᵀ + λ I)⁻¹ y,    λ = ridge · mean diagonal of X Xᵀ

With equally many images on each side this is a shrunken Fisher's linear discriminant. The published code uses
scikit-learn's SGDClassifier (a linear support vector machine), or optionally logistic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Images to learn vectors from: row r has those of vector r."""

    positive: Indices
    """[runs, n]"""
    negative: Indices
    """[runs, n]"""


def concept_examples(members: NDArray[np.bool_], most: int, runs: int, seed: Sequence[int]) -> Examples:
    """For each vector, n images of a concept and n others; n is the same for all vectors, and at most `most`.

    `members` [p] says which images show the concept. Each vector draws its own images, none of them twice.
    """
    inside, outside = np.flatnonzero(members), np.flatnonzero(~members)
    count = min(most, len(inside), len(outside))
    rng = np.random.default_rng(list(seed))
    positive = [rng.choice(inside, count, replace=False) for _ in range(runs)]
    negative = [rng.choice(outside, count, replace=False) for _ in range(runs)]
    return Examples(np.array(positive).reshape(runs, count), np.array(negative).reshape(runs, count))


def random_examples(images: int, count: int, runs: int, seed: Sequence[int]) -> Examples:
    """For each vector, `count` images against `count` others, all drawn at random; `images` must be at least 2 ·
    count."""
    rng = np.random.default_rng(list(seed))
    drawn = np.array([rng.choice(images, 2 * count, replace=False) for _ in range(runs)])
    return Examples(drawn[:, :count], drawn[:, count:])


def vectors(activations: NDArray[np.float32], examples: Examples, ridge: float) -> Floats:
    """Unit vectors [runs, units] towards the positive examples; 0 where the activations do not differ.

    `activations` [p, units] are those of one layer.
    """
    rows = np.concatenate([examples.positive, examples.negative], axis=1)
    values = activations[rows].astype(np.float64)  # [runs, 2n, units]
    values -= values.mean(axis=1, keepdims=True)
    count = examples.positive.shape[1]
    targets = np.repeat([1.0, -1.0], count)
    products = values @ values.transpose(0, 2, 1)
    shrinkage = ridge * np.trace(products, axis1=1, axis2=2) / (2 * count)
    shrinkage = np.where(shrinkage > 0, shrinkage, 1.0)
    weights = np.linalg.solve(products + shrinkage[:, None, None] * np.eye(2 * count), targets[None, :, None])
    directions = (values.transpose(0, 2, 1) @ weights)[:, :, 0]
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    return np.asarray(np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 0))


def tcav_scores(gradients: NDArray[np.float32], directions: Floats) -> Floats:
    """The share of images whose class output grows along each vector, [runs].

    Takes the gradients of the output on the images [n, units], and the vectors [runs, units].
    """
    return np.asarray((gradients.astype(np.float64) @ directions.T > 0).mean(axis=0))


def two_sided(scores: Floats, others: Floats) -> float:
    """The p-value of Student's two-sample t-test with pooled variance, as in scipy.stats.ttest_ind. One of the samples
    may be a single value.

    Where neither sample varies, the p-value is 1 if their means are equal and 0 otherwise.
    """
    from scipy.special import stdtr  # the import takes 0.1 s; readers of a run never need it

    degrees = len(scores) + len(others) - 2
    squares = ((scores - scores.mean()) ** 2).sum() + ((others - others.mean()) ** 2).sum()
    difference = abs(scores.mean() - others.mean())
    if squares < 1e-24:
        return float(difference < 1e-12)
    error = np.sqrt(squares / degrees * (1 / len(scores) + 1 / len(others)))
    return float(2 * stdtr(degrees, -difference / error))


def holm(p_values: Sequence[float]) -> Floats:
    """The p-values, in their order, corrected for multiple tests (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    corrected = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    result = np.empty_like(values)
    result[order] = np.minimum(corrected, 1)
    return result
