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
        units: Integers,
        beta: float,
        true_means: Callable[[Integers], Floats],
        products: NDArray[np.float32] | None = None,
    ) -> Annotations:
        """Of n of the units that there are means of. `true_means` gives the means [r, d] of some units; `products`
        [n, k] are those of the means with the distinct directions, in float32, where they are known."""
        counts = means.counts[units]
        best, scores = np.full(len(units), -1), np.zeros(len(units))
        words: list[tuple[Integers, Leaders]] = []
        living = np.flatnonzero(counts) if len(competing.first) else np.empty(0, np.int64)
        if competing.scale is not None:
            best[counts == self._images] = 0  # a set of all images has a z of 0 for any concept
            living = living[counts[living] < self._images]
        size = max(_FEWEST, _AT_ONCE // max(len(competing.first), 1))
        for start in range(0, len(living), size):
            part = living[start : start + size]
            own = units[part]
            of_part = means.means[own]
            known = products_of(competing, of_part) if products is None else _rows(products, part)
            found = leaders(
                *(competing, competing.narrow_scores(known), of_part, means.doubts[own], beta),
                _among(own, true_means),
            )
            best[part], scores[part] = found.best, found.tops
            words.append((part, found))
        if competing.scale is not None:
            some = np.flatnonzero(best >= 0)
            scores[some] = np.einsum("nd,nd->n", means.means[units[some]], competing.distinct[best[some]])
        none = np.empty(0, np.int64)
        return Annotations(
            counts,
            np.where(best >= 0, competing.first[best], -1) if len(competing.first) else best,
            scores,
            competing.words_of(
                len(best),
                np.concatenate([none, *(part[found.units] for part, found in words)]),
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
            units = np.arange(len(means.counts))
            if last is not None and last[0] == beta:
                units = np.flatnonzero(last[1].counts != means.counts)
            products = self._products_of(key[:2], competing, means, units)
            found = self.annotate(competing, means, units, beta, true_means, products)
            if last is not None and len(units) < len(means.counts):
                found = _joined(last[1], units, found)
            if len(found.words.concepts) <= _MOST_WORDS:
                self._kept[key] = beta, found
            while len(self._kept) > _LAYERS:
                self._kept.pop(next(iter(self._kept)))
            return found

    def _products_of(
        self, key: Hashable, competing: Competing, means: LayerMeans, units: Integers
    ) -> NDArray[np.float32] | None:
        """The products of some units of a layer, [n, k]; None where a layer's are too many to keep."""
        if len(means.counts) * len(competing.first) > _MOST_PRODUCTS:
            return None
        if self._products is None or self._products[0] != key:
            found = products_of(competing, means.means)
            self._products = key, _Products(means.counts, found)
        else:
            before = self._products[1]
            found, changed = before.products, np.flatnonzero(before.counts != means.counts)
            computed = products_of(competing, means.means[changed])
            found[changed] = computed
            self._products = key, _Products(means.counts, found)
            if np.array_equal(changed, units):
                return computed
        return _rows(found, units)


def _among(units: Integers, true_means: Callable[[Integers], Floats]) -> Callable[[Integers], Floats]:
    """`true_means` by the place among some units."""
    return lambda places: true_means(units[places])


def _rows(products: NDArray[np.float32], rows: Integers) -> NDArray[np.float32]:
    """Some rows, which ascend, without a copy where they are all."""
    return products if len(rows) == len(products) else products[rows]


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
