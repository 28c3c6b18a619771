"""Which labels are enriched among representative images: Fisher's exact test, one-sided.

K of the p images carry a label, and k of the n representative images do. Among n images drawn at random without
replacement the number X that carry it is hypergeometric, P(X = x) = C(K, x)·C(p − K, n − x) / C(p, n), and the p-value
is P(X ≥ k) (R. A. Fisher, Statistical Methods for Research Workers, 1934, §21.02). It is corrected over the labels of
one neuron (Benjamini–Hochberg). Images are drawn one by one, so several films of one patient count as independent;
engine.evidence.confounds shows whether many come from one patient.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.annotation.image_sets import ImageSets
from engine.annotation.rates import q_values
from engine.evidence.details import Floats, LabelEnrichment
from engine.evidence.metadata import Metadata

_NEGLIGIBLE = 1e-17
"""A share of the sum so far. A term below it no longer changes the sum, nor do the smaller terms that follow."""


def hypergeometric_tail(inside: ArrayLike, marked: ArrayLike, drawn: ArrayLike, total: int) -> Floats:
    """P(X ≥ inside) when `drawn` of `total` images are drawn at random and `marked` of the total carry a mark.

    Arrays broadcast. The sum starts on the side of the mean with the smaller tail and runs outwards, each term computed
    from the one before. The first term comes from logarithms of factorials and is right to about 1e-9 of itself.
    """
    k, marked_, n = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (inside, marked, drawn)))
    below_mean = k * total <= n * marked_
    x = np.where(below_mean, n - k + 1, k)
    m = np.where(below_mean, total - marked_, marked_)
    possible = x <= np.minimum(m, n)
    x = np.where(possible, x, np.minimum(m, n))
    chosen = _log_choose(total, m, x) + _log_choose(total, total - m, n - x)
    term = np.exp(chosen - _log_choose(total, np.full_like(n, total), n)) * possible
    tail = term.copy()
    while (term > _NEGLIGIBLE * tail).any():
        term = term * ((m - x) * (n - x) / ((x + 1) * (total - m - n + x + 1)))
        tail += term
        x = x + 1
    chance: Floats = np.clip(np.where(below_mean, 1 - tail, tail), 0.0, 1.0)
    return chance


def _log_choose(total: int, of: Floats, chosen: Floats) -> Floats:
    """log C(of, chosen), for whole numbers up to `total`."""
    logarithms = _log_factorials(total)
    of, chosen = of.astype(np.int64), chosen.astype(np.int64)
    found: Floats = logarithms[of] - logarithms[chosen] - logarithms[of - chosen]
    return found


@lru_cache(maxsize=1)
def _log_factorials(total: int) -> Floats:
    """log 0!, log 1!, …, log total!. Importing scipy.special instead would take 27 MB."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])


def strongest(sets: ImageSets, metadata: Metadata) -> tuple[NDArray[np.int64], Floats]:
    """The most enriched label of each of n sets, by index, and its q-value, [n] each.

    −1 and NaN where no label is more frequent in the set than in the probing set.
    """
    if not metadata.labels:
        return np.full(len(sets), -1), np.full(len(sets), np.nan)
    inside = np.array([carried_by(sets.of(index), metadata) for index in range(len(sets))]).reshape(len(sets), -1)
    totals = metadata.totals
    p_values = hypergeometric_tail(inside, totals, sets.counts[:, None], len(metadata.carried))
    best = p_values.argmin(axis=1)
    at = (np.arange(len(sets)), best)
    enriched = inside[at] * len(metadata.carried) > sets.counts * totals[best]
    return np.where(enriched, best, -1), np.where(enriched, q_values(p_values)[at], np.nan)


def enrichments(images: NDArray[np.integer], metadata: Metadata) -> tuple[LabelEnrichment, ...]:
    """Every label that a representative image carries, p ascending, corrected over all labels of the probing set."""
    if not metadata.labels or len(images) == 0:
        return ()
    inside = carried_by(images, metadata)
    totals = metadata.totals
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
    """The number of images among some that carry each label, [L]."""
    carried: NDArray[np.int64] = metadata.carried[images].sum(axis=0)
    return carried
