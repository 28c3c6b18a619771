"""The films that the VLM finds most like a film: an exact search over the stored embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows, products


def similar_films(
    embeddings: Rows, inverse_lengths: NDArray[np.float64], image: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `most` images of the highest cosine with an image, which itself is left out, and their cosines.

    `embeddings` are [p, d], `inverse_lengths` 1 / |v| [p] (0 for a zero vector: its cosine is 0). Cosines descend; ties
    go by index. The product is one pass over the embeddings in float32; the cosines are exact to about 1e-6.
    """
    cosines = (
        products(embeddings, embeddings[image : image + 1][0]).astype(np.float64)
        * inverse_lengths
        * inverse_lengths[image]
    )
    cosines[image] = -np.inf
    most = min(most, len(cosines) - 1)
    if most <= 0:
        return np.empty(0, np.int64), np.empty(0)
    cut = np.partition(cosines, -most)[-most]
    near = np.flatnonzero(cosines >= cut)
    near = near[np.argsort(-cosines[near], kind="stable")][:most]
    return near, cosines[near]
