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

from engine.annotation.rows import Rows, parts
from engine.evaluation.faithfulness.ranks import Floats


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
    def of(cls, activations: NDArray[np.float32], images: Rows) -> Self:
        """From activations [units, n] and the images' unit vectors [n, d]."""
        count, dimension = images.shape
        middle = np.sum([images[part].sum(axis=0, dtype=np.float64) for part in parts(count)], axis=0) / count
        means = activations.mean(axis=1, dtype=np.float64)
        covariances = np.zeros((len(activations), dimension))
        spread = np.zeros((dimension, dimension))
        for part in parts(count):
            centred = images[part] - middle
            covariances += (activations[:, part] - means[:, None]) @ centred
            spread += centred.T @ centred
        deviations = np.array([values.std(dtype=np.float64) for values in activations])
        return cls(covariances / count, deviations, spread / count)

    def correlations(self, units: Sequence[int], texts: NDArray[np.floating]) -> Floats:
        """Pearson's r of some units with the scores of mean texts [m, d], [units, m]; 0 where either is constant."""
        scores = np.sqrt(np.einsum("md,de,me->m", texts, self.spread, texts, optimize=True))
        scale = self.deviations[list(units), None] * scores
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = self.covariances[list(units)] @ texts.T / scale
        return np.where(scale > 0, found, 0.0)
