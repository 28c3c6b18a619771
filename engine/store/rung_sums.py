"""Partial sums of many neurons at once, for the ladder of a run file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows, parts

_CACHED_ROWS = 2048
"""Embeddings that are added up for one neuron after another: they stay near the processor"""
_ROUGH_ROWS = 8192
"""Embeddings that are added up in float32"""


def partial_sums(
    embeddings: Rows, inverse_lengths: NDArray[np.float64], steps: NDArray[np.unsignedinteger], rungs: int
) -> NDArray[np.float32]:
    """The sums of unit embeddings up to each rung, [n, rungs, d], from embeddings [p, d], their inverse lengths [p],
    and the first rung that counts each image, for each of n neurons, [n, p].

    Some rows are added up in float32, and these sums in float64: relative to its length a sum is off by less than 1e-6.
    """
    from scipy import sparse  # a run that is up to date does without

    totals = np.zeros((len(steps), rungs, embeddings.shape[1]))
    for some in parts(len(embeddings), _ROUGH_ROWS):
        rough = np.zeros(totals.shape, np.float32)
        for part in parts(some.stop - some.start, _CACHED_ROWS):
            images = slice(some.start + part.start, some.start + part.stop)
            rows = embeddings[images] * inverse_lengths[images, None].astype(np.float32)
            ones, ends = np.ones(len(rows), np.float32), np.arange(len(rows) + 1, dtype=np.int32)
            for sums, places in zip(rough, steps[:, images], strict=True):
                sums += sparse.csc_array((ones, places.astype(np.int32), ends), shape=(rungs, len(rows))) @ rows
        totals += rough
    return np.cumsum(totals, axis=1, out=totals).astype(np.float32)
