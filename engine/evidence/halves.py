"""Whether two halves of a neuron's patients give the same concept.

This is split-half agreement (Spearman 1910; Brown 1910): the patients of the representative images are split at random
into halves, several times, and each half is scored on its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evidence.clusters import MOST, Clusters
from engine.evidence.details import Floats

SPLITS = 20
_ORDERS = np.random.default_rng(17).random((SPLITS, MOST), dtype=np.float32)


def half_means(clusters: Clusters) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The means of the first halves less the mean of the set, [SPLITS, d], for a set with at least two clusters.

    The means of the second halves lie on the other side of the set's, at this distance times the ratios that are
    returned as well, [SPLITS].
    """
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
    """How far the halves agree: a share of the splits, and a mean correlation.

    The share counts the splits in which both halves have the same best concept. The correlation is between the halves'
    centred scores; it is NaN below three concepts, or where all centred scores of a half are equal.

    Takes the scores and centred scores of the whole set [k], the scores of the first halves less these [SPLITS, k], and
    the ratios [SPLITS] of `half_means`.
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
