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

from engine.annotation.image_sets import ImageSets
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
_DRAWS, _AT_ONCE = 200, 50
_CHANCE = 0.05
_SEED = 19
_ROWS = 1024
_TILE = 16
"""Rows of a product: a matrix product rounds a row of a whole tile in one way, wherever it stands"""
_SETS_AT_ONCE = 16

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
        return self.parts_of(ImageSets(images, np.array([0, len(images)])), best)[0]

    def parts_of(self, sets: ImageSets, best: Best) -> list[Parts]:
        """The groups of n such sets, [n]. Each set has the groups that it has alone."""
        found: list[Parts] = []
        for start in range(0, len(sets), _SETS_AT_ONCE):
            part = range(start, min(start + _SETS_AT_ONCE, len(sets)))
            every = [self._population.unit_rows(spread(sets.of(index))) for index in part]
            firsts = self._cuts([(rows, np.arange(len(rows))) for rows in every])
            found += [self._parts(rows, first, best) for rows, first in zip(every, firsts, strict=True)]
        return found

    def _parts(self, rows: NDArray[np.float32], first: tuple[_Part, ...], best: Best) -> Parts:
        """The groups of a set of images, `rows` [n, d], from its first cut."""
        found: tuple[_Part, ...] = ()
        cuts, names = [first], np.empty(0, dtype=np.int64)
        while len(found) < MOST_GROUPS and any(cuts):
            place = max(range(len(cuts)), key=lambda index: _gain_of(cuts[index]))
            cut, others = cuts[place], found[:place] + found[place + 1 :]
            cuts[place] = ()
            if not _apart(cut, others):
                continue
            concepts = best(_means((*others, *cut)))
            if len(set(concepts.tolist())) == len(concepts):
                found, names = (*others, *cut), concepts
                cuts = [*cuts[:place], *cuts[place + 1 :], *self._cuts([(rows, part.rows) for part in cut])]
        if not found:
            return Parts(rows.mean(axis=0)[None], np.array([len(rows)]), names, 1.0)
        order = sorted(range(len(found)), key=lambda index: int(found[index].rows[0]))
        strongest = sorted(found, key=lambda part: -part.strength)[:2]
        return Parts(
            _means(found)[order],
            np.array([len(part.rows) for part in found])[order],
            names[order],
            agreement(_z(strongest)),
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
                gains = [gain for _ in range(0, _DRAWS, _AT_ONCE) for gain in self._random_gains(rng, size)]
                self._bounds[size] = sorted(gains)[math.ceil((1 - _CHANCE) * (_DRAWS + 1)) - 1]
            return self._bounds[size]

    def _random_gains(self, rng: np.random.Generator, size: int) -> list[float]:
        """The gains of _AT_ONCE random sets of `size` images, 0 where one cannot be cut."""
        means, sizes = [], []
        for _ in range(_AT_ONCE):
            rows = self._population.unit_rows(rng.choice(len(self._population), size, replace=False))
            for half in _halves(rows, np.arange(size), size):
                means.append(rows[half].mean(axis=0))
                sizes.append(len(half))
        if not means:
            return [0.0] * _AT_ONCE
        z = self._z_of(np.stack(means), np.array(sizes))
        gains = [gain(halves) for halves in z.reshape(-1, 2, z.shape[1])]
        return gains + [0.0] * (_AT_ONCE - len(gains))

    def _cuts(self, wanted: Sequence[tuple[NDArray[np.float32], NDArray[np.intp]]]) -> list[tuple[_Part, ...]]:
        """For some of a neuron's images, `rows` [n, d] and the places of these: the two parts where they need two
        words, else ()."""
        cuts: list[tuple[_Part, ...]] = [()] * len(wanted)
        halves = [_halves(rows, some, len(rows)) if len(some) >= FEWEST else () for rows, some in wanted]
        places = [place for place, each in enumerate(halves) if each]
        if not places:
            return cuts
        means = np.stack([wanted[place][0][half].mean(axis=0) for place in places for half in halves[place]])
        z = self._z_of(means, np.array([len(half) for place in places for half in halves[place]]))
        for place, pair in zip(places, range(0, len(z), 2), strict=True):
            own = z[pair : pair + 2]
            if agreement(own) <= _AGREE and gain(own) > self.bound(len(wanted[place][1])):
                cuts[place] = tuple(
                    _Part(*part) for part in zip(halves[place], means[pair : pair + 2], own, strict=True)
                )
        return cuts

    def _z_of(self, means: NDArray[np.float32], sizes: Integers) -> Floats:
        """z [n, k] of sets of `sizes` images [n] by the means of their unit embeddings [n, d].

        The product is one of whole tiles, so that a set has the same z alone as among others, to the last bit.
        """
        tiles = np.zeros((-(-len(means) // _TILE) * _TILE, means.shape[1]), dtype=np.float32)
        tiles[: len(means)] = means
        scores = (tiles @ self._directions.T)[: len(means)]
        return self._moments.z_scores(scores.astype(np.float64), sizes)

    def _nearest(self, images: NDArray[np.int32], means: NDArray[np.float32]) -> NDArray[np.intp]:
        """Which of some means [g, d] each image is nearest to."""
        halves = np.einsum("gd,gd->g", means, means) / 2
        heights = [
            self._population.unit_rows(images[start : start + _ROWS]) @ means.T - halves
            for start in range(0, len(images), _ROWS)
        ]
        nearest: NDArray[np.intp] = np.concatenate(heights).argmax(axis=1)
        return nearest


def _halves(rows: NDArray[np.float32], some: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], ...]:
    """The two parts of some of a neuron's `count` images, by their places among `rows`; () if one is too small."""
    first = split(rows[some])
    halves = some[first], some[~first]
    return halves if min(map(len, halves)) >= max(_LEAST_IMAGES, count / _LEAST_SHARE) else ()


def _apart(cut: Sequence[_Part], others: Sequence[_Part]) -> bool:
    """Whether the new parts need other words than the others."""
    return all(agreement(_z((part, other))) <= _AGREE for part in cut for other in others)


def _gain_of(parts: Sequence[_Part]) -> float:
    return gain(_z(parts)) if parts else 0.0


def _z(parts: Sequence[_Part]) -> Floats:
    return np.stack([part.z for part in parts])


def _means(parts: Sequence[_Part]) -> NDArray[np.float32]:
    return np.stack([part.mean for part in parts])
