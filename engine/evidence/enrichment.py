"""Which labels are enriched among representative images: Fisher's exact test, one-sided.

Of p images K carry a label; of the n representative images k do. The number that n images drawn at random without
replacement would hold is hypergeometric: P(X = x) = C(K, x)·C(p − K, n − x) / C(p, n), and the p-value is P(X ≥ k)
(R. A. Fisher, Statistical Methods for Research Workers, 1934, §21.02). It is corrected over the labels of one neuron
(Benjamini–Hochberg). Images are drawn one by one: several films of one patient count as independent; whether there are
many of one patient, engine.evidence.confounds tells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.evidence.answers import Floats, LabelEnrichment
from engine.evidence.metadata import Metadata
from engine.evidence.significance import q_values
from engine.image_sets import ImageSets

_NEGLIGIBLE = 1e-17
"""Of the sum so far: a term below it no longer changes the sum, nor do the smaller ones after it"""


def hypergeometric_tail(inside: ArrayLike, marked: ArrayLike, drawn: ArrayLike, total: int) -> Floats:
    """P(X ≥ inside) when `drawn` of `total` images are drawn at random and `marked` of them carry a mark.

    Arrays broadcast. The terms are summed from the smaller side of the mean outwards, each from the one before; the
    first is the exponential of logarithms of factorials, so that it is right to about 1e-9 of itself.
    """
    from scipy.special import gammaln

    k, marked_, n = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (inside, marked, drawn)))
    below_mean = k * total <= n * marked_
    x = np.where(below_mean, n - k + 1, k)
    m = np.where(below_mean, total - marked_, marked_)

    def log_choose(of: Floats, chosen: Floats) -> Floats:
        logarithm: Floats = gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1)
        return logarithm

    possible = x <= np.minimum(m, n)
    x = np.where(possible, x, np.minimum(m, n))
    term = np.exp(log_choose(m, x) + log_choose(total - m, n - x) - log_choose(np.float64(total) + 0 * n, n)) * possible
    tail = term.copy()
    while (term > _NEGLIGIBLE * tail).any():
        term = term * ((m - x) * (n - x) / ((x + 1) * (total - m - n + x + 1)))
        tail += term
        x = x + 1
    chance: Floats = np.clip(np.where(below_mean, 1 - tail, tail), 0.0, 1.0)
    return chance


def strongest(sets: ImageSets, metadata: Metadata) -> tuple[NDArray[np.int64], Floats]:
    """The most enriched label of each of n sets by index, [n], and its q-value, [n].

    −1 and NaN where no label is more frequent in the set than in the probing set.
    """
    if not metadata.labels:
        return np.full(len(sets), -1), np.full(len(sets), np.nan)
    inside = np.array([carried_by(sets.of(index), metadata) for index in range(len(sets))]).reshape(len(sets), -1)
    totals = metadata.carried.sum(axis=0)
    p_values = hypergeometric_tail(inside, totals, sets.counts[:, None], len(metadata.carried))
    best = p_values.argmin(axis=1)
    at = (np.arange(len(sets)), best)
    enriched = inside[at] * len(metadata.carried) > sets.counts * totals[best]
    return np.where(enriched, best, -1), np.where(enriched, np.apply_along_axis(q_values, 1, p_values)[at], np.nan)


def enrichments(images: NDArray[np.integer], metadata: Metadata) -> tuple[LabelEnrichment, ...]:
    """Every label that a representative image carries, p ascending; corrected over all labels of the probing set."""
    if not metadata.labels or len(images) == 0:
        return ()
    inside = carried_by(images, metadata)
    totals = metadata.carried.sum(axis=0)
    p_values = hypergeometric_tail(inside, totals, len(images), len(metadata.carried))
    corrected = q_values(p_values)
    expected = totals * len(images) / len(metadata.carried)
    return tuple(
        LabelEnrichment(
            metadata.labels[label],
            *(int(inside[label]), int(totals[label] - inside[label]), float(expected[label])),
            *(float(p_values[label]), float(corrected[label])),
        )
        for label in np.argsort(p_values, kind="stable").tolist()
        if inside[label]
    )


def carried_by(images: NDArray[np.integer], metadata: Metadata) -> NDArray[np.int64]:
    """How many of some images carry each label, [L]."""
    carried: NDArray[np.int64] = metadata.carried[images].sum(axis=0)
    return carried
