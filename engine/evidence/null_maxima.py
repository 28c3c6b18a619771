"""The best of all competing concepts in random image sets, which a neuron's best concept must be compared with.

A neuron's concept was chosen among k, so its z must be compared with the highest z of all k in a random set of as many
images: the single-step maxT adjustment (Westfall, Young: Resampling-Based Multiple Testing, 1993). The p-value of a
concept is the chance that max_j z_j reaches its z.

Sets of n ≤ 16 images are drawn as they are. Larger sets approach a Gaussian vector with the concepts' own correlations;
the first correction (Edgeworth; for finite populations Robinson 1978) goes with the skewness of a mean,
(N − 2n)/√(N·n·(N − n)). So their p is interpolated in that skewness, between the sizes of a ladder of further draws
and, beyond the last of these, the Gaussian limit. A set of more than half of the images has the z of the set of all
others, with the other sign.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.evidence.details import Floats, Integers
from engine.evidence.population import Population

DRAWS = 4000
_SIZES = (*range(1, 17), 24, 32, 48, 64, 96, 128)
_TAIL = 100
"""The highest draws, from which the tail beyond them is continued"""
_SLACK = 1e-3
"""How far float32 may lower a z. A random set that ties with a neuron's counts as reaching it."""
_AT_ONCE = 256
_ROWS = 1024
_SEED = 7
_LIMIT = 0
"""Stands for the size of the Gaussian limit"""


class NullMaxima:
    """The maxima for one set of k competing directions. Any thread may ask; a size is drawn once, when it is needed."""

    def __init__(self, population: Population, directions: NDArray[np.float32], deviations: Floats) -> None:
        """Takes directions D_j [k, d] and the standard deviations of the images' scores [k].

        A concept with the same score on every image has z = 0.
        """
        self._population = population
        self._directions = directions
        self._scale = np.divide(1, deviations, out=np.zeros_like(deviations), where=deviations > 0).astype(np.float32)
        half = len(population) // 2
        self._sizes = np.array([size for size in _SIZES if size < half] + [min(half, _SIZES[-1])])
        self._drawn: dict[int, tuple[Floats, Floats]] = {}
        self._drawing = threading.Lock()

    def p_values(self, z: Floats, count: int) -> Floats:
        """Chance that the highest z of all concepts reaches each of `z` in a random set of `count` images.

        A single image has a chance of 1, as it supports nothing. No chance is less than that of drawing the very set.
        """
        images = len(self._population)
        if not 1 < count < images:
            return np.ones_like(z)
        mirrored = 2 * count > images
        size = images - count if mirrored else count
        place = int(np.searchsorted(self._sizes, size))
        if place < len(self._sizes) and self._sizes[place] == size:
            p = self._reached(z, size, mirrored)
        else:
            below = int(self._sizes[place - 1])
            beyond = int(self._sizes[place]) if place < len(self._sizes) else _LIMIT
            near, far = self._skewness(below), self._skewness(beyond)
            weight = (self._skewness(size) - far) / (near - far)
            p = weight * self._reached(z, below, mirrored) + (1 - weight) * self._reached(z, beyond, mirrored)
        sets = math.lgamma(images + 1) - math.lgamma(count + 1) - math.lgamma(images - count + 1)
        return np.maximum(p, math.exp(-sets))

    def p_values_of_sets(self, z: Floats, counts: Integers) -> Floats:
        """`p_values` for n sets of different sizes, from the highest z of each [n] and its number of images [n]."""
        p = np.empty_like(z)
        for count in np.unique(counts).tolist():
            same = counts == count
            p[same] = self.p_values(z[same], count)
        return p

    def _skewness(self, size: int) -> float:
        images = len(self._population)
        return (images - 2 * size) / math.sqrt(images * size * (images - size)) if size != _LIMIT else 0.0

    def _reached(self, z: Floats, size: int, mirrored: bool) -> Floats:
        """Share of the draws, counting the neuron's own set as one (Phipson, Smyth 2010), with a maximum of at least z.

        Beyond the highest draws it falls exponentially, with their mean excess: a generalized Pareto tail of shape 0,
        as Knijnenburg et al. 2009 continue permutation tests. It falls too slowly for scores, which are bounded.
        """
        maxima = self._maxima(size)[int(mirrored)]
        share = (1 + DRAWS - np.searchsorted(maxima, z - _SLACK)) / (DRAWS + 1)
        start = maxima[-_TAIL]
        excess = max(float(np.mean(maxima[-_TAIL:]) - start), 1e-9)
        tail = (1 + _TAIL) / (DRAWS + 1) * np.exp(-np.maximum(z - start, 0) / excess)
        p: Floats = np.where(z > start, tail, share)
        return p

    def _maxima(self, size: int) -> tuple[Floats, Floats]:
        """The highest z of each draw, ascending; and the same for the sets of all images not drawn."""
        with self._drawing:
            if size not in self._drawn:
                highest, lowest = [], []
                for means in self._gaussian_means() if size == _LIMIT else self._standard_means(size):
                    z = means @ self._directions.T
                    z *= self._scale
                    highest.append(z.max(axis=1))
                    lowest.append(z.min(axis=1))
                self._drawn[size] = _ascending(highest), -_ascending(lowest)[::-1]
            return self._drawn[size]

    def _standard_means(self, size: int) -> Iterator[NDArray[np.float32]]:
        """Standardised means of random image sets: DRAWS rows [d], some at a time.

        Each is less the mean of all images, over the factor of the standard error that depends on n.
        """
        population = self._population
        error = math.sqrt(size * (len(population) - size) / (len(population) - 1))
        drawn = _draw(len(population), size)
        for start in range(0, DRAWS, _AT_ONCE):
            part = drawn[start : start + _AT_ONCE]
            steps = range(0, len(part), max(_ROWS // size, 1))
            sums = np.concatenate([population.unit_sums(part[step : step + steps.step]) for step in steps])
            sums -= size * population.mean
            sums /= error
            yield sums

    def _gaussian_means(self) -> Iterator[NDArray[np.float32]]:
        """The limit of `_standard_means` for many images: normal, with the covariance of the images' embeddings."""
        variances, axes = np.linalg.eigh(self._population.covariance)
        root = (axes * np.sqrt(np.maximum(variances, 0))).T.astype(np.float32)
        rng = np.random.default_rng(_SEED)
        for start in range(0, DRAWS, _AT_ONCE):
            yield rng.standard_normal((min(_AT_ONCE, DRAWS - start), len(root)), dtype=np.float32) @ root


def _ascending(parts: list[NDArray[np.float32]]) -> Floats:
    return np.sort(np.concatenate(parts)).astype(np.float64)


def _draw(images: int, size: int) -> NDArray[np.int32]:
    """Random orders of the images cut into sets of `size`, [DRAWS, size]."""
    rng = np.random.default_rng((_SEED, size))
    rows = np.empty((DRAWS, size), dtype=np.int32)
    each = images // size
    for start in range(0, DRAWS, each):
        part = rows[start : start + each]
        part[:] = rng.permutation(images)[: part.size].reshape(part.shape)
    return rows
