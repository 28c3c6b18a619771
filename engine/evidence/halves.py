"""Whether two halves of a neuron's patients give the same concept.

Split-half agreement (Spearman 1910; Brown 1910): the patients of the representative images are parted at random into
halves, several times, and each half is scored on its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evidence.clusters import MOST, Clusters
from engine.evidence.details import Floats

SPLITS = 20
_ORDERS = np.random.default_rng(17).random((SPLITS, MOST), dtype=np.float32)


def half_means(clusters: Clusters) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of a set with at least two clusters: the means of the first halves less that of the set, [SPLITS, d], and how
    many times as far on the other side the second halves' means lie, [SPLITS]."""
    held = len(clusters.sizes)
    inside = np.zeros((SPLITS, held), dtype=np.float32)
    np.put_along_axis(inside, np.argsort(_ORDERS[:, :held], axis=1)[:, : held // 2], 1.0, axis=1)
    sizes = inside @ clusters.sizes
    whole = clusters.sizes.sum()
    means = (inside @ clusters.sums) / sizes[:, None] - clusters.sums.sum(axis=0) / whole
    return means * np.float32(clusters.scale), sizes / (whole - sizes)


def agreement(
    scores: Floats, centred: Floats, first: NDArray[np.float32], ratios: NDArray[np.float32]
) -> tuple[float, float]:
    """Share of the splits in which both halves have the same best concept, and the mean over the splits of the
    correlation between the halves' centred scores (NaN below three concepts, or where a half's are all equal).

    From the scores and centred scores of the whole set [k], by how much the scores of the first halves are higher,
    [SPLITS, k], and the ratios [SPLITS] of `half_means`.
    """
    second = first * -ratios[:, None]
    same = (scores + first).argmax(axis=1) == (scores + second).argmax(axis=1)
    if len(scores) < 3:
        return float(same.mean()), np.nan
    one, other = (centred + part for part in (first, second))
    one -= one.mean(axis=1, keepdims=True)
    other -= other.mean(axis=1, keepdims=True)
    products = np.einsum("sk,sk->s", one, other)
    lengths = np.sqrt(np.einsum("sk,sk->s", one, one) * np.einsum("sk,sk->s", other, other))
    if not lengths.all():
        return float(same.mean()), np.nan
    return float(same.mean()), float(np.mean(products / lengths))
