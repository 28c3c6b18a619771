"""How a neuron's best concept stands against the others when its patients are drawn again.

This is the cluster bootstrap (Efron 1979). It draws whole patients, because images of one patient are alike (Davison,
Hinkley, Bootstrap Methods and their Application, 1997, section 3.8): from a set with G patients it draws G with
replacement, with all of their representative images, and scores the concepts over these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evidence.clusters import MOST, Clusters
from engine.evidence.details import Floats, Integers

DRAWS = 400
CONTESTANTS = 64
FEW = 5
"""Clusters up to which all concepts are scored again, because any of them may be the best over one cluster's images.
There are at most 126 ways to draw that few clusters."""
_DRAWN = np.random.default_rng(13).random((DRAWS, MOST), dtype=np.float32)


def two_best(scores: Floats) -> tuple[Integers, Integers]:
    """The places of the highest and the second highest score in each row of [n, k], [n] each; −1 for no second."""
    best = scores.argmax(axis=1)
    if scores.shape[1] < 2:
        return best, np.full(len(best), -1)
    others = scores.copy()
    others[np.arange(len(best)), best] = -np.inf
    return best, others.argmax(axis=1)


def contestants(
    scores: Floats, directions: NDArray[np.float32], spread: NDArray[np.float32], deviations: Floats
) -> Integers:
    """The concepts that are scored again for each of n units, [n, r].

    They are the best, the second best, and then those whose score is the fewest standard errors below the best one's.
    The standard errors are proportional to √Var(v·(D_best − D_j)) over all images. Takes scores [n, k], directions
    D [k, d], D·cov(v) [k, d] and σ_j [k].
    """
    best, second = two_best(scores)
    leading = np.stack([best, second], axis=1)[:, : scores.shape[1]]
    variances = deviations[best, None] ** 2 + deviations**2 - 2 * spread[best] @ directions.T
    gaps = np.take_along_axis(scores, best[:, None], axis=1) - scores
    gaps /= np.sqrt(np.maximum(variances, np.finfo(np.float32).tiny))
    np.put_along_axis(gaps, leading, np.inf, axis=1)
    more = min(CONTESTANTS, scores.shape[1]) - leading.shape[1]
    if more <= 0:
        return leading
    return np.concatenate([leading, np.argpartition(gaps, more - 1, axis=1)[:, :more]], axis=1)


def with_all_others(contestants: Integers, concepts: int) -> Integers:
    """All `concepts` concepts, [concepts], with the first two of the contestants [r] still first."""
    return np.concatenate([contestants[:2], np.delete(np.arange(concepts), contestants[:2])])


def margins(clusters: Clusters, scores: Floats, directions: NDArray[np.float32]) -> tuple[Floats, float, int, Floats]:
    """Draws the clusters of one neuron, at least two, and scores its contestants over each draw.

    Takes the contestants' scores [r] and directions [r, d]. Returns the margin of the first contestant over the second
    in each draw, [DRAWS] (NaN without a second); the share of draws in which another contestant is the best; the place
    of the one that is the best in most of these, −1 for none; and the share in which each contestant is the best, [r].
    """
    held = len(clusters.sizes)
    drawn = (_DRAWN[:, :held] * held).astype(np.int64)
    drawn += np.arange(DRAWS)[:, None] * held
    times = np.bincount(drawn.reshape(-1), minlength=DRAWS * held).reshape(DRAWS, held).astype(np.float32)
    way = np.arange(DRAWS)
    if held <= FEW:
        times, way = np.unique(times, axis=0, return_inverse=True)
    sums = clusters.sums @ directions.T
    deviations = (times @ sums) / (times @ clusters.sizes)[:, None] - sums.sum(axis=0) / clusters.sizes.sum()
    redrawn = scores + clusters.scale * deviations
    margins = redrawn[:, 0] - redrawn[:, 1] if len(scores) > 1 else np.full(len(redrawn), np.nan)
    wins = np.bincount(redrawn.argmax(axis=1)[way.reshape(-1)], minlength=len(scores))
    others = DRAWS - int(wins[0])
    rival = 1 + int(wins[1:].argmax()) if others else -1
    return margins[way.reshape(-1)], others / DRAWS, rival, wins / DRAWS
