"""FALCON's groups of units, each with two sets of images: those that activate it highly, and similar ones that do not.

Source: Kalibhat et al., ICML 2023 (see engine.methods.falcon); github.com/NehaKalibhat/falcon-explain,
get_interpretable_features.py and explain_feature_group.py.

An image's activations over the units of a layer, scaled to length 1, are its representation r. A representation of
zeros stays. Representations are a matrix [units, p] here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_IMAGES_AT_ONCE = 2048
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class FeatureGroup:
    """Units that are explained together; often there is only one."""

    units: NDArray[np.int64]
    """Ascending"""
    high: NDArray[np.int32]
    """The images that activate them highly, ascending"""


def to_representations(activations: NDArray[np.float32]) -> NDArray[np.float32]:
    """The representations, from the activations [units, p] of a whole layer, which are overwritten."""
    for start in range(0, activations.shape[1], _IMAGES_AT_ONCE):
        piece = activations[:, start : start + _IMAGES_AT_ONCE]
        lengths = np.linalg.norm(piece.astype(np.float64), axis=0)
        np.divide(piece, lengths, out=piece, where=lengths > 0, casting="same_kind")
    return activations


def bound_at(representations: NDArray[np.float32], limit: float) -> float:
    """mean + `limit`·std over the representations of all images and units; std² is the unbiased variance."""
    mean = float(representations.mean(dtype=np.float64))
    squares = 0.0
    for start in range(0, representations.shape[1], _IMAGES_AT_ONCE):
        piece = representations[:, start : start + _IMAGES_AT_ONCE].astype(np.float64)
        squares += float(((piece - mean) ** 2).sum())
    return mean + limit * math.sqrt(squares / max(representations.size - 1, 1))


def single_units(representations: NDArray[np.float32], bound: float) -> list[FeatureGroup]:
    """Each unit by itself, with the images where r_unit ≥ `bound`; there may be none."""
    return [
        FeatureGroup(np.array([unit]), np.flatnonzero(values.astype(np.float64) >= bound).astype(np.int32))
        for unit, values in enumerate(representations)
    ]


def feature_groups(representations: NDArray[np.float32], bound: float, more_than: int) -> list[FeatureGroup]:
    """The groups of units that reach `bound` together, each with more than `more_than` images.

    The units with r_unit ≥ `bound` in an image are its group. So an image belongs to one group, or none.
    """
    units, images = representations.shape
    active = np.empty((-(-units // 8), images), dtype=np.uint8)
    for start in range(0, images, _IMAGES_AT_ONCE):
        piece = slice(start, start + _IMAGES_AT_ONCE)
        active[:, piece] = np.packbits(representations[:, piece].astype(np.float64) >= bound, axis=0)
    patterns, of_image, counts = np.unique(active, axis=1, return_inverse=True, return_counts=True)
    of_image = of_image.reshape(-1)
    found = (
        FeatureGroup(
            np.flatnonzero(np.unpackbits(patterns[:, place], count=units)),
            np.flatnonzero(of_image == place).astype(np.int32),
        )
        for place in np.flatnonzero(counts > more_than)
    )
    return [group for group in found if len(group.units)]


def low_sets(
    representations: NDArray[np.float32], groups: Sequence[FeatureGroup], alike: float, count: int
) -> list[NDArray[np.int64]]:
    """Each group's images that are similar to its high set and do not activate it, the most similar first.

    Candidates have r below the mean of r over all images and units in each of the group's units, and a product of r
    with the high set's mean r, both without these units, of at least `alike`. The low set has the `count` candidates
    with the highest products, ties by index. It is empty if the high set is. Products are rounded to six digits,
    because a matrix product may round those of equal images differently.
    """
    if not groups:
        return []
    images = representations.shape[1]
    mean = float(representations.mean(dtype=np.float64))
    prototypes = _prototypes(representations, groups)
    units = np.concatenate([group.units for group in groups])
    starts = np.cumsum([0, *(len(group.units) for group in groups[:-1])])
    best = np.full((len(groups), count), -np.inf, dtype=np.float32)
    chosen = np.zeros((len(groups), count), dtype=np.int64)
    for start in range(0, images, _IMAGES_AT_ONCE):
        piece = representations[:, start : start + _IMAGES_AT_ONCE]
        products = np.round(prototypes @ piece, _DIGITS)
        activated = np.logical_or.reduceat((piece >= mean)[units], starts, axis=0)
        products[activated | (products < alike)] = -np.inf
        places = np.broadcast_to(np.arange(start, start + piece.shape[1]), products.shape)
        best, chosen = _highest(np.hstack([best, products]), np.hstack([chosen, places]), count)
    low = [row[found] for row, found in zip(chosen, best > -np.inf, strict=True)]
    return [row if len(group.high) else row[:0] for row, group in zip(low, groups, strict=True)]


def _prototypes(representations: NDArray[np.float32], groups: Sequence[FeatureGroup]) -> NDArray[np.float32]:
    """The mean representation of each group's high set, without the group's own units: [groups, units]."""
    units, images = representations.shape
    totals = np.zeros((len(groups), units))
    for start in range(0, images, _IMAGES_AT_ONCE):
        piece = representations[:, start : start + _IMAGES_AT_ONCE]
        inside = np.zeros((len(groups), piece.shape[1]), dtype=np.float32)
        for row, group in zip(inside, groups, strict=True):
            first, last = np.searchsorted(group.high, [start, start + piece.shape[1]])
            row[group.high[first:last] - start] = 1
        totals += inside @ piece.T
    for place, group in enumerate(groups):
        totals[place, group.units] = 0
    return (totals / np.maximum([[len(group.high)] for group in groups], 1)).astype(np.float32)


def _highest(
    products: NDArray[np.float32], images: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The `count` highest products of each row, descending, and their images; ties keep their order."""
    least = -np.partition(-products, count - 1, axis=1)[:, count - 1 : count]
    equal, higher = products == least, products > least
    chosen = higher | (equal & (np.cumsum(equal, axis=1) <= count - higher.sum(axis=1, keepdims=True)))
    products, images = (values[chosen].reshape(-1, count) for values in (products, images))
    order = np.argsort(-products, axis=1, kind="stable")
    return np.take_along_axis(products, order, axis=1), np.take_along_axis(images, order, axis=1)
