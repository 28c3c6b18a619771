"""The annotations of a layer's units, kept so that another α computes those again whose images are others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Competing, Words
from engine.annotation.layer_means import LayerMeans
from engine.annotation.leading import Floats, Integers, Leaders, leaders

_MOST_PRODUCTS = 1 << 21
"""Float32 products that are kept: those of 1,024 units with 2,048 concepts"""
_MOST_WORDS = 1 << 18
"""Annotated concepts of a layer that are kept"""
_LAYERS = 16
_AT_ONCE = 1 << 21
_FEWEST = 128
"""Units that are scored at once at least"""


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """What n units have at some cuts."""

    counts: Integers
    """The number of representative images, [n]"""
    best: Integers
    """The best concept's index, [n]; −1 if there is none"""
    scores: Floats
    """Its score by Eq. 2, [n]; 0 if there is none"""
    words: Words


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    counts: Integers
    """The images over which each unit's products are, [units]"""
    products: NDArray[np.float32]
    """With each distinct direction, [units, k]"""


class Annotator:
    """Annotates the units of one run, which has a number of images."""

    def __init__(self, images: int) -> None:
        self._images = images
        self._one_at_a_time = threading.Lock()
        self._kept: dict[Hashable, tuple[float, Annotations]] = {}
        self._products: tuple[Hashable, _Products] | None = None

    def annotate(
        self,
        competing: Competing,
        means: LayerMeans,
        beta: float,
        true_means: Callable[[Integers], Floats],
        products: NDArray[np.float32] | None = None,
    ) -> Annotations:
        """Of n units. `true_means` gives the means [r, d] of some of them, by place; `products` [n, k] are those of the
        means with the distinct directions, in float32, where they are known."""
        best, scores = np.full(len(means.counts), -1), np.zeros(len(means.counts))
        words: list[tuple[Integers, Leaders]] = []
        living = np.flatnonzero(means.counts) if len(competing.first) else np.empty(0, np.int64)
        if competing.scale is not None:
            best[means.counts == self._images] = 0  # a set of all images has a z of 0 for any concept
            living = living[means.counts[living] < self._images]
        size = max(_FEWEST, _AT_ONCE // max(len(competing.first), 1))
        for start in range(0, len(living), size):
            units = living[start : start + size]
            part = LayerMeans(means.counts[units], means.means[units], means.doubts[units])
            known = products_of(competing, part.means) if products is None else products[units]
            found = leaders(
                competing,
                competing.narrow_scores(known),
                part,
                beta,
                _among(units, true_means),
            )
            best[units], scores[units] = found.best, found.tops
            words.append((units, found))
        if competing.scale is not None:
            some = np.flatnonzero(best >= 0)
            scores[some] = np.einsum("nd,nd->n", means.means[some], competing.distinct[best[some]])
        none = np.empty(0, np.int64)
        return Annotations(
            means.counts,
            np.where(best >= 0, competing.first[best], -1) if len(competing.first) else best,
            scores,
            competing.words_of(
                len(best),
                np.concatenate([none, *(units[found.units] for units, found in words)]),
                np.concatenate([none, *(found.directions for _, found in words)]),
                np.concatenate([np.empty(0), *(found.scores for _, found in words)]),
            ),
        )

    def layer(
        self,
        key: tuple[Hashable, Hashable, Hashable],
        competing: Competing,
        means: LayerMeans,
        beta: float,
        true_means: Callable[[Integers], Floats],
    ) -> Annotations:
        """As `annotate`, for all units of a layer. `key` names the layer, the concept set and the ranking. Units whose
        images are those of the last answer are not computed again."""
        with self._one_at_a_time:
            last = self._kept.pop(key, None)
            if last is not None and last[0] == beta:
                changed = np.flatnonzero(last[1].counts != means.counts)
                if len(changed):
                    found = _joined(last[1], changed, self._some(key, competing, means, beta, true_means, changed))
                else:
                    found = last[1]
            else:
                found = self._some(key, competing, means, beta, true_means, np.arange(len(means.counts)))
            if len(found.words.concepts) <= _MOST_WORDS:
                self._kept[key] = beta, found
            while len(self._kept) > _LAYERS:
                self._kept.pop(next(iter(self._kept)))
            return found

    def _some(
        self,
        key: tuple[Hashable, Hashable, Hashable],
        competing: Competing,
        means: LayerMeans,
        beta: float,
        true_means: Callable[[Integers], Floats],
        units: Integers,
    ) -> Annotations:
        """Some units of a layer, which ascend."""
        products = self._known_products(key[:2], competing, means)
        if len(units) == len(means.counts):
            return self.annotate(competing, means, beta, true_means, products)
        part = LayerMeans(means.counts[units], means.means[units], means.doubts[units])
        return self.annotate(
            *(competing, part, beta, _among(units, true_means)),
            None if products is None else products[units],
        )

    def _known_products(self, key: Hashable, competing: Competing, means: LayerMeans) -> NDArray[np.float32] | None:
        """The products of a layer's means, [units, k]; None where they are too many to keep."""
        if len(means.counts) * len(competing.first) > _MOST_PRODUCTS:
            return None
        if self._products is None or self._products[0] != key:
            found = products_of(competing, means.means)
        else:
            before = self._products[1]
            found, changed = before.products, np.flatnonzero(before.counts != means.counts)
            if len(changed):
                found[changed] = products_of(competing, means.means[changed])
        self._products = key, _Products(means.counts, found)
        return found


def _among(units: Integers, true_means: Callable[[Integers], Floats]) -> Callable[[Integers], Floats]:
    """`true_means` by the place among some units."""
    return lambda places: true_means(units[places])


def products_of(competing: Competing, means: Floats) -> NDArray[np.float32]:
    """Float32 products of means [n, d] with the distinct directions, [n, k]."""
    products: NDArray[np.float32] = means.astype(np.float32) @ competing.distinct.narrow.T
    return products


def _joined(last: Annotations, changed: Integers, found: Annotations) -> Annotations:
    """The last annotations, with those of some units put in their places."""
    best, scores, counts = last.best.copy(), last.scores.copy(), last.counts.copy()
    best[changed], scores[changed], counts[changed] = found.best, found.scores, found.counts
    stays = np.ones(len(best), np.bool_)
    stays[changed] = False
    owners = last.words.owners
    kept = stays[owners]
    owners = np.concatenate([owners[kept], changed[found.words.owners]])
    concepts = np.concatenate([last.words.concepts[kept], found.words.concepts])
    order = np.argsort(owners, kind="stable")
    return Annotations(counts, best, scores, Words.of(len(best), owners[order], concepts[order]))
