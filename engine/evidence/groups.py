"""How tight a neuron's representative images are, and whether they fall into two groups.

Mean pairwise cosine of n unit vectors: (|Σv|² − n)/(n(n − 1)) = (n·|mean|² − 1)/(n − 1).

The two groups come from 2-means on the unit embeddings (Lloyd 1982), starting from the halves along their first
principal axis. They explain the share E = (|Σ₁|²/n₁ + |Σ₂|²/n₂ − |Σ|²/n)/(n − |Σ|²/n) of the scatter, the complement of
Duda and Hart's (1973) Je(2)/Je(1). Any set can be split, and a small one splits better, so E is compared with that of
random image sets of the same size: it must exceed 95 % of theirs. Each group must also hold at least three images and a
tenth of all, and the groups' means must have different best concepts. So at most 5 % of random image sets count as two
groups. Sets of fewer than eight images are not split. Sets of more than 128 images are represented by 128, spread
evenly over their order.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ImageSets
from engine.evidence.details import Floats, Group
from engine.evidence.population import Population

FEWEST = 8
MOST = 128
_SIZES = (8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 112, 128)
_DRAWS = 200
_CHANCE = 0.05
_ROUNDS = 10
_POWERS = 5
_SEED = 19
_ROWS = 1024


def tightness(means: NDArray[np.floating], counts: NDArray[np.int64]) -> Floats:
    """Mean pairwise cosine from the means of n unit vectors, [..., d] and n [...]; NaN below two images."""
    squares = np.einsum("...d,...d->...", means, means, dtype=np.float64)
    above = np.maximum(counts - 1.0, 0.0)
    cosines = np.divide(counts * squares - 1, above, out=np.full(np.shape(squares), np.nan), where=above > 0)
    clipped: Floats = np.clip(cosines, -1.0, 1.0)
    return clipped


def spread(images: NDArray[np.int32]) -> NDArray[np.int32]:
    """At most MOST of a neuron's images, evenly spread over their order."""
    if len(images) <= MOST:
        return images
    return images[np.linspace(0, len(images) - 1, MOST).round().astype(np.int64)]


def split(rows: NDArray[np.float32]) -> tuple[NDArray[np.bool_], float]:
    """2-means of unit vectors [n, d]: which vectors are in the group of the first, [n], and E.

    Equal vectors are all in one group, with E = 0.
    """
    count = len(rows)
    total = rows.sum(axis=0)
    whole = float(total @ total) / count
    deviations = rows - total / count
    scatter = float(np.vdot(deviations, deviations))
    if scatter <= 1e-6 * count:
        return np.ones(count, dtype=np.bool_), 0.0
    axis = _principal_axis(deviations)
    side = rows @ axis > float(total @ axis) / count
    for _ in range(_ROUNDS):
        size = np.count_nonzero(side)
        if size in (0, count):
            return np.ones(count, dtype=np.bool_), 0.0
        one = side.astype(np.float32) @ rows
        other = total - one
        explained = (float(one @ one) / size + float(other @ other) / (count - size) - whole) / scatter
        one, other = one / size, other / (count - size)
        again = rows @ (one - other) > float(one @ one - other @ other) / 2
        if np.array_equal(again, side):
            break
        side = again
    return side == side[0], explained


def _principal_axis(deviations: NDArray[np.float32]) -> NDArray[np.floating]:
    """Roughly the axis of the greatest scatter of [n, d], by power iteration from the farthest vector."""
    axis: NDArray[np.floating] = deviations[np.einsum("nd,nd->n", deviations, deviations).argmax()]
    for _ in range(_POWERS):
        axis = (deviations @ axis) @ deviations
        axis /= np.sqrt(axis @ axis)
    return axis


Best = Callable[[NDArray[np.float32]], NDArray[np.int64]]
"""Returns the best concepts [n] for means of unit embeddings [n, d]"""


class GroupTest:
    """Decides whether a set of images falls into two groups. Any thread may ask; each size is drawn once."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._bounds: dict[int, float] = {}
        self._drawing = threading.Lock()

    def two_means(self, images: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """The means of the unit embeddings of the two groups, [2, d], and their sizes, [2]; None without two groups.

        `images` are activation descending; the group of the first image is first.
        """
        if len(images) < FEWEST:
            return None
        rows = self._population.unit_rows(spread(images))
        first, explained = split(rows)
        sizes = np.array([np.count_nonzero(first), np.count_nonzero(~first)])
        if sizes.min() < max(3, len(rows) / 10) or explained <= self.bound(len(rows)):
            return None
        return np.stack([rows[first].mean(axis=0), rows[~first].mean(axis=0)]), sizes

    def fall_in_two(self, sets: ImageSets, best: Best) -> NDArray[np.bool_]:
        """Whether each of n sets of images falls into two groups with different best concepts, [n]."""
        means = {index: two[0] for index in range(len(sets)) if (two := self.two_means(sets.of(index)))}
        different = np.zeros(len(sets), dtype=np.bool_)
        if means:
            bests = best(np.concatenate(list(means.values()))).reshape(-1, 2)
            different[list(means)] = bests[:, 0] != bests[:, 1]
        return different

    def groups(self, images: NDArray[np.int32], best: Best) -> tuple[Group, ...]:
        """The two groups of a set of images that falls into two. Each image goes to the group with the nearer mean."""
        two = self.two_means(images)
        if two is None:
            return ()
        means, sizes = two
        nearer = self._nearer_first(images, means)
        return tuple(
            Group(images[nearer == of_first].astype(np.int64), concept, tight)
            for of_first, concept, tight in zip(
                (True, False), best(means).tolist(), tightness(means, sizes).tolist(), strict=True
            )
        )

    def _nearer_first(self, images: NDArray[np.int32], means: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether each of some images lies nearer to the first of two means [2, d]."""
        middle = float(means[0] @ means[0] - means[1] @ means[1]) / 2
        heights = [
            self._population.unit_rows(images[start : start + _ROWS]) @ (means[0] - means[1])
            for start in range(0, len(images), _ROWS)
        ]
        return np.concatenate(heights) > middle

    def bound(self, count: int) -> float:
        """The value that E exceeds in at most 5 % of the random sets of `count` images.

        Between two sizes it is interpolated linearly. The line lies above the true value, which falls ever more slowly.
        """
        sizes = [size for size in _SIZES if size <= len(self._population)]
        place = int(np.searchsorted(sizes, count, side="right"))
        around = sizes[place - 1 : place + 1] if sizes[place - 1] != count else [count]
        return float(np.interp(count, around, [self._bound(size) for size in around]))

    def _bound(self, size: int) -> float:
        with self._drawing:
            if size not in self._bounds:
                rng = np.random.default_rng((_SEED, size))
                images = len(self._population)
                drawn = (rng.choice(images, size, replace=False) for _ in range(_DRAWS))
                explained = sorted(split(self._population.unit_rows(chosen))[1] for chosen in drawn)
                self._bounds[size] = explained[math.ceil((1 - _CHANCE) * (_DRAWS + 1)) - 1]
            return self._bounds[size]
