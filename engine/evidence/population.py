"""The unit embeddings v_o of all N images of the probing set, from which random image sets are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.evidence.details import Floats
from engine.requery import Vectors
from engine.store.ladder import sum_rows

_ROWS = 1024


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
        count, dimension = vectors.embeddings.shape
        mean = sum_rows(vectors.embeddings, vectors.inverse_lengths, np.arange(count, dtype=np.int32)) / count
        total = np.zeros((dimension, dimension))
        for start in range(0, count, _ROWS):
            part = slice(start, start + _ROWS)
            deviations = vectors.embeddings[part] * vectors.inverse_lengths[part, None].astype(np.float32)
            deviations -= mean.astype(np.float32)
            total += deviations.T @ deviations
        return cls(vectors, mean, total / count)

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

    def moments(self, directions: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of v_o·D_j over the N images, for each direction D_j [k, d]; [k] each.

        A deviation no larger than the rounding of the embeddings is 0.
        """
        variances = np.einsum("kd,kd->k", directions @ self.covariance, directions)
        rounding = np.finfo(np.float32).eps * np.linalg.norm(directions, axis=1)
        deviations = np.sqrt(np.maximum(variances, 0.0))
        return directions @ self.mean, np.where(deviations > rounding, deviations, 0.0)
