"""FALCON's two sets of images for a unit: those that activate it highly, and similar images that do not.

Source: Kalibhat et al., ICML 2023 (see engine.methods.falcon); github.com/NehaKalibhat/falcon-explain,
get_interpretable_features.py and explain_feature_group.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_IMAGES_AT_ONCE = 2048
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ContrastSets:
    """The two sets of every unit of a layer."""

    high: tuple[NDArray[np.int64], ...]
    """Each unit's images that activate it highly, ascending"""
    low: tuple[NDArray[np.int64], ...]
    """Each unit's similar images that do not, the most similar first"""


def contrast_sets(activations: NDArray[np.float32], threshold: float, alike: float, low_count: int) -> ContrastSets:
    """The two sets of each unit, from the activations [units, p] of the whole layer, which are overwritten.

    An image's activations over the layer's units, scaled to length 1, are its representation r. The high set of a unit
    has the images with r_unit ≥ `threshold`. Candidates for the low set have r_unit below the mean of r over all images
    and units, and a product of r with the high set's mean r, both without this unit, of at least `alike`. The low set
    has the `low_count` candidates with the highest products, ties by index. It is empty if the high set is. Products
    are rounded to six digits, because a matrix product may round those of equal images differently.
    """
    representations = _unit_columns(activations)
    units, images = representations.shape
    mean = float(representations.mean(dtype=np.float64))
    high = tuple(np.flatnonzero(values.astype(np.float64) >= threshold) for values in representations)
    prototypes = _mean_representations(representations, high)
    best = np.full((units, low_count), -np.inf, dtype=np.float32)
    chosen = np.zeros((units, low_count), dtype=np.int64)
    for start in range(0, images, _IMAGES_AT_ONCE):
        piece = representations[:, start : start + _IMAGES_AT_ONCE]
        products = np.round(prototypes @ piece, _DIGITS)
        products[(piece >= mean) | (products < alike)] = -np.inf
        places = np.broadcast_to(np.arange(start, start + piece.shape[1]), products.shape)
        best, chosen = _highest(np.hstack([best, products]), np.hstack([chosen, places]), low_count)
    low = (row[found] for row, found in zip(chosen, best > -np.inf, strict=True))
    return ContrastSets(high, tuple(row if len(own) else row[:0] for row, own in zip(low, high, strict=True)))


def _unit_columns(activations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scales each column to length 1, in place; a column of zeros stays."""
    for start in range(0, activations.shape[1], _IMAGES_AT_ONCE):
        piece = activations[:, start : start + _IMAGES_AT_ONCE]
        lengths = np.linalg.norm(piece.astype(np.float64), axis=0)
        np.divide(piece, lengths, out=piece, where=lengths > 0, casting="same_kind")
    return activations


def _mean_representations(
    representations: NDArray[np.float32], high: tuple[NDArray[np.int64], ...]
) -> NDArray[np.float32]:
    """The mean representation of each unit's high set, without the unit itself: [units, units]."""
    units, images = representations.shape
    totals = np.zeros((units, units))
    for start in range(0, images, _IMAGES_AT_ONCE):
        piece = representations[:, start : start + _IMAGES_AT_ONCE]
        inside = np.zeros(piece.shape, dtype=np.float32)
        for unit, chosen in enumerate(high):
            first, last = np.searchsorted(chosen, [start, start + piece.shape[1]])
            inside[unit, chosen[first:last] - start] = 1
        totals += inside @ piece.T
    np.fill_diagonal(totals, 0)
    return (totals / np.maximum([[len(chosen)] for chosen in high], 1)).astype(np.float32)


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
