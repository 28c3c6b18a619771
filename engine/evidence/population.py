"""The unit embeddings v_o of all N images of the probing set, from which random image sets are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation import standing
from engine.chosen_images import Vectors
from engine.evidence.details import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The unit embeddings with their mean and covariance. `len` is N."""

    vectors: Vectors
    mean: Floats
    """Mean of v_o, [d]"""
    covariance: Floats
    """Covariance of v_o, divided by N, [d, d]"""

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        return cls(vectors, *standing.spread_of(vectors.embeddings, vectors.inverse_lengths))

    def __len__(self) -> int:
        return len(self.vectors.embeddings)

    def unit_rows(self, images: NDArray[np.integer]) -> NDArray[np.float32]:
        """v_o of images [...] of any shape, [..., d]; a zero vector stays zero."""
        rows: NDArray[np.float32] = self.vectors.embeddings[images]
        rows *= self.vectors.inverse_lengths[images, None]
        return rows

    def unit_sums(self, images: NDArray[np.integer]) -> NDArray[np.float32]:
        """The sum of v_o over each row of images [n, k], [n, d]."""
        lengths = self.vectors.inverse_lengths[images].astype(np.float32)
        sums: NDArray[np.float32] = np.matmul(lengths[:, None, :], self.vectors.embeddings[images])[:, 0]
        return sums
