"""The simulation score: how well a VLM's scores of words predict a unit's activation on every image.

It is Pearson's correlation over all images (Bills et al. 2023 score language models' units so; Oikarinen and Weng 2024,
arXiv 2405.06855, units of image models). An image's score of several words is the mean of its scores of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.faithfulness.ranks import Floats

_AT_ONCE = 4096
"""Images whose embeddings are multiplied at once, in float64"""


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Units and images in the space of one VLM, so that no image × concept table is needed."""

    covariances: Floats
    """Of each unit's activation with each dimension of the embeddings, [units, d]"""
    deviations: Floats
    """The standard deviation of each unit's activation, [units]"""
    spread: Floats
    """The covariances of the embeddings' dimensions, [d, d]"""

    @classmethod
    def of(cls, activations: NDArray[np.float32], images: NDArray[np.float32]) -> Self:
        """From activations [units, n] and the images' unit vectors [n, d]."""
        count, dimension = images.shape
        middle = images.mean(axis=0, dtype=np.float64)
        means = activations.mean(axis=1, dtype=np.float64)
        covariances = np.zeros((len(activations), dimension))
        spread = np.zeros((dimension, dimension))
        for start in range(0, count, _AT_ONCE):
            part = images[start : start + _AT_ONCE] - middle
            covariances += (activations[:, start : start + _AT_ONCE] - means[:, None]) @ part
            spread += part.T @ part
        deviations = np.array([values.std(dtype=np.float64) for values in activations])
        return cls(covariances / count, deviations, spread / count)

    def correlations(self, units: Sequence[int], texts: NDArray[np.floating]) -> Floats:
        """Pearson's r of some units with the scores of mean texts [m, d], [units, m]; 0 where either is constant."""
        scores = np.sqrt(np.einsum("md,de,me->m", texts, self.spread, texts, optimize=True))
        scale = self.deviations[list(units), None] * scores
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = self.covariances[list(units)] @ texts.T / scale
        return np.where(scale > 0, found, 0.0)
