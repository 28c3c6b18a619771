"""Whether a neuron answers to several things: its strongest images in up to five groups, each with a word of its own.

The images are the representative ones. Where these are few, as they are at a high α, they are filled up to the neuron's
60 strongest, at most a twentieth of the probing set and none in the lower 0.4 of its range: a word that comes from
three images says nothing of a second one. Sets of more than 128 images are represented by 128, spread evenly over their
order. Sets of fewer than eight are one group.

A set is cut in two by 2-means of the unit embeddings (engine.evidence.two_means), and each part again, the part that
gains most first. A cut counts if
- each part holds at least three images and a tenth of all;
- two words gain more over one than in 95 % of random image sets of the same size that are cut in the same way
  (engine.evidence.agreement), so at most 5 % of random image sets count as several groups;
- no two groups agree by more than one half: a word that explains both nearly as well is not two words;
- all groups have different best concepts, by the ranking in force.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.standing import Moments
from engine.evidence.agreement import agreement, gain
from engine.evidence.details import MOST_GROUPS, Floats, Group, Integers
from engine.evidence.population import Population
from engine.evidence.two_means import split, tightness

FEWEST = 8
MOST = 128
FLOOR = 0.4
"""The α of Eq. 1 whose τ bounds what representative images are filled with"""
_FILLED, _FILLED_SHARE = 60, 20
_LEAST_IMAGES, _LEAST_SHARE = 3, 10
_AGREE = 0.5
_SIZES = (8, 12, 16, 24, 32, 48, 64, 96, 128)
_DRAWS = 200
_CHANCE = 0.05
_SEED = 19
_ROWS = 1024

Best = Callable[[NDArray[np.float32]], Integers]
"""Returns the best concepts [n] for means of unit embeddings [n, d]"""


def filled(images: int) -> int:
    """Up to how many of its strongest images a neuron's representative images are filled, of so many images in all."""
    return min(_FILLED, images // _FILLED_SHARE)


def spread(images: NDArray[np.int32]) -> NDArray[np.int32]:
    """At most MOST of a neuron's images, evenly spread over their order."""
    if len(images) <= MOST:
        return images
    return images[np.linspace(0, len(images) - 1, MOST).round().astype(np.int64)]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The g groups of one neuron, that of its strongest image first."""

    means: NDArray[np.float32]
    """Means of their unit embeddings, [g, d]"""
    sizes: Integers
    """Images that the means are of, [g]"""
    best: Integers
    """Their best concepts, [g]; [0] for a single group, whose word is the neuron's"""
    agreement: float
    """That of the two groups whose words stand out most; 1 for a single group"""

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One group while more are looked for."""

    rows: NDArray[np.intp]
    """Places among the neuron's images, ascending"""
    mean: NDArray[np.float32]
    z: Floats

    @property
    def strength(self) -> float:
        return float(self.z.max())


class GroupTest:
    """Decides which groups a set of images falls into. Any thread may ask; each size is drawn once.

    Takes the k distinct directions [k, d] of the competing concepts and their moments.
    """

    def __init__(self, population: Population, directions: NDArray[np.float32], moments: Moments) -> None:
        self._population = population
        self._directions = directions
        self._moments = moments
        self._bounds: dict[int, float] = {}
        self._drawing = threading.Lock()

    def parts(self, images: NDArray[np.int32], best: Best) -> Parts:
        """The groups of a set of at least one image, which are activation descending."""
        rows = self._population.unit_rows(spread(images))
        found = self._of(rows, np.arange(len(rows)))
        cuts, names = [self._cut(rows, found[0])], np.empty(0, dtype=np.int64)
        while len(found) < MOST_GROUPS and any(cuts):
            place = max(range(len(cuts)), key=lambda index: _gain_of(cuts[index]))
            cut, others = cuts[place], found[:place] + found[place + 1 :]
            cuts[place] = ()
            if not _apart(cut, others):
                continue
            concepts = best(_means((*others, *cut)))
            if len(set(concepts.tolist())) == len(concepts):
                found, names = (*others, *cut), concepts
                cuts = [*cuts[:place], *cuts[place + 1 :], *(self._cut(rows, part) for part in cut)]
        order = sorted(range(len(found)), key=lambda index: int(found[index].rows[0]))
        strongest = sorted(found, key=lambda part: -part.strength)[:2]
        return Parts(
            _means(found)[order],
            np.array([len(part.rows) for part in found])[order],
            names[order] if len(found) > 1 else names,
            agreement(_z(strongest)) if len(found) > 1 else 1.0,
        )

    def groups(self, images: NDArray[np.int32], best: Best) -> tuple[Group, ...]:
        """The groups of a set of images; () for a single one. Each image goes to the group with the nearest mean."""
        parts = self.parts(images, best)
        if len(parts) == 1:
            return ()
        nearest = self._nearest(images, parts.means)
        return tuple(
            Group(images[nearest == place].astype(np.int64), concept, tight)
            for place, (concept, tight) in enumerate(
                zip(parts.best.tolist(), tightness(parts.means, parts.sizes).tolist(), strict=True)
            )
        )

    def bound(self, count: int) -> float:
        """The gain that at most 5 % of the random sets of `count` images exceed; linear between two sizes drawn."""
        sizes = [size for size in _SIZES if size <= len(self._population)]
        place = int(np.searchsorted(sizes, count, side="right"))
        around = sizes[place - 1 : place + 1] if sizes[place - 1] != count else [count]
        return float(np.interp(count, around, [self._bound(size) for size in around]))

    def _bound(self, size: int) -> float:
        with self._drawing:
            if size not in self._bounds:
                rng = np.random.default_rng((_SEED, size))
                gains = [self._random_gain(rng, size) for _ in range(_DRAWS)]
                self._bounds[size] = sorted(gains)[math.ceil((1 - _CHANCE) * (_DRAWS + 1)) - 1]
            return self._bounds[size]

    def _random_gain(self, rng: np.random.Generator, size: int) -> float:
        rows = self._population.unit_rows(rng.choice(len(self._population), size, replace=False))
        return _gain_of(self._halves(rows, np.arange(size), size))

    def _cut(self, rows: NDArray[np.float32], part: _Part) -> tuple[_Part, ...]:
        """The two parts of a part of a neuron's images, `rows` [n, d], where they need two words; else ()."""
        if len(part.rows) < FEWEST:
            return ()
        halves = self._halves(rows, part.rows, len(rows))
        if not halves or agreement(_z(halves)) > _AGREE or _gain_of(halves) <= self.bound(len(part.rows)):
            return ()
        return halves

    def _halves(self, rows: NDArray[np.float32], some: NDArray[np.intp], count: int) -> tuple[_Part, ...]:
        """The two parts of some of a neuron's `count` images; () if one is too small."""
        first = split(rows[some])
        halves = some[first], some[~first]
        if min(map(len, halves)) < max(_LEAST_IMAGES, count / _LEAST_SHARE):
            return ()
        return self._of(rows, *halves)

    def _of(self, rows: NDArray[np.float32], *places: NDArray[np.intp]) -> tuple[_Part, ...]:
        """Parts of a neuron's images by their places."""
        means = np.stack([rows[some].mean(axis=0) for some in places])
        scores = (means @ self._directions.T).astype(np.float64)
        z = self._moments.z_scores(scores, np.array([len(some) for some in places]))
        return tuple(_Part(*part) for part in zip(places, means, z, strict=True))

    def _nearest(self, images: NDArray[np.int32], means: NDArray[np.float32]) -> NDArray[np.intp]:
        """Which of some means [g, d] each image is nearest to."""
        halves = np.einsum("gd,gd->g", means, means) / 2
        heights = [
            self._population.unit_rows(images[start : start + _ROWS]) @ means.T - halves
            for start in range(0, len(images), _ROWS)
        ]
        nearest: NDArray[np.intp] = np.concatenate(heights).argmax(axis=1)
        return nearest


def _apart(cut: Sequence[_Part], others: Sequence[_Part]) -> bool:
    """Whether the new parts need other words than the others."""
    return all(agreement(_z((part, other))) <= _AGREE for part in cut for other in others)


def _gain_of(parts: Sequence[_Part]) -> float:
    return gain(_z(parts)) if parts else 0.0


def _z(parts: Sequence[_Part]) -> Floats:
    return np.stack([part.z for part in parts])


def _means(parts: Sequence[_Part]) -> NDArray[np.float32]:
    return np.stack([part.mean for part in parts])
