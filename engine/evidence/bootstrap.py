"""How a neuron's first concept stands against the others when its patients are drawn anew.

Cluster bootstrap (Efron 1979; over whole patients, as images of one patient are alike: Davison, Hinkley, Bootstrap
Methods and their Application, 1997, section 3.8): of a set with G patients, G are drawn with replacement, with all of
their representative images, and the concepts are scored over these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import Floats
from engine.evidence.clusters import MOST, Clusters

Integers = NDArray[np.int64]

DRAWS = 400
CONTESTANTS = 64
_DRAWN = np.random.default_rng(13).random((DRAWS, MOST), dtype=np.float32)


def contestants(scores: Floats, directions: Floats, covariance: Floats) -> Integers:
    """Of n units the concepts that are scored anew, [n, r]: the best, the second best, and then those whose score is
    the fewest standard errors below the best one's. From scores [n, k] and directions [k, d].

    They are ordered by (s_best − s_j)/√Var(v·(D_best − D_j)), with the variance over all images.
    """
    units = np.arange(len(scores))
    leading = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    best = leading[:, 0]
    variances = np.einsum("kd,kd->k", directions @ covariance, directions)
    shared = (directions[best] @ covariance) @ directions.T
    spreads = np.sqrt(np.maximum(variances[best][:, None] + variances - 2 * shared, np.finfo(np.float32).tiny))
    gaps = (scores[units, best][:, None] - scores) / spreads
    gaps[units[:, None], leading] = -2.0, -1.0
    return np.argsort(gaps, axis=1, kind="stable")[:, :CONTESTANTS]


def margins(clusters: Clusters, scores: Floats, directions: NDArray[np.float32]) -> tuple[Floats, float]:
    """Of one neuron with at least two clusters, from the scores [r] and directions [r, d] of its contestants.

    The margin of the first over the second in each draw, [DRAWS] (NaN without a second), and the share of the draws in
    which another concept than the first is best.
    """
    held = len(clusters.sizes)
    drawn = (_DRAWN[:, :held] * held).astype(np.int64)
    drawn += np.arange(DRAWS)[:, None] * held
    times = np.bincount(drawn.reshape(-1), minlength=DRAWS * held).reshape(DRAWS, held).astype(np.float32)
    sums = clusters.sums @ directions.T
    deviations = (times @ sums) / (times @ clusters.sizes)[:, None] - sums.sum(axis=0) / clusters.sizes.sum()
    anew = scores + clusters.scale * deviations
    margins = anew[:, 0] - anew[:, 1] if len(scores) > 1 else np.full(DRAWS, np.nan)
    return margins, float(np.mean(anew.argmax(axis=1) != 0))
