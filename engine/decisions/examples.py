"""Examples of all that a unit does: images from each tenth of its activations, the weakest ones, and random ones.

Who sees only the strongest images takes a unit for cleaner than it is (Bolukbasi et al., "An Interpretability Illusion
for BERT", 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.names import find_layer, find_unit
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

MOST = 48
"""Images of a range that are shown"""
_SEED = 11
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a unit's images, ranked by activation."""

    name: str
    """In words, as in "images of the NAME" """
    place: str
    """Where it lies among all images, in words; "" for the representative images, which α chooses"""
    above: float = 0.0
    """The share of the images that lies above it"""
    below: float = 0.0
    """The share that lies below it"""

    @property
    def title(self) -> str:
        return self.name[0].upper() + self.name[1:]


STRONGEST = Range("strongest", "")
WEAKEST = Range("weakest", "the lowest of all images")
RANDOM = Range("random", "drawn from all images")


def _decile(number: int) -> Range:
    """The images that `number` tenths lie at or below, and `number` − 1 tenths below."""
    name = f"{number}{_ENDINGS.get(number, 'th')} decile"
    return Range(
        name, f"above {10 * (number - 1)} to {10 * number} % of all images", 1 - number / 10, (number - 1) / 10
    )


RANGES: tuple[Range, ...] = (STRONGEST, *(_decile(number) for number in range(9, 0, -1)), WEAKEST, RANDOM)
"""From the strongest on. The tenth tenth is where the representative images are."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Images of a unit from one range."""

    layer: str
    unit: int
    range: Range
    images: NDArray[np.int64]
    """At most MOST, [n]: activation descending, of the weakest ascending. Of a decile they are spread evenly over its
    ranks"""
    activations: NDArray[np.float32]
    """[n]"""
    ranks: NDArray[np.int64]
    """Each image's rank among all images, from 1 for the highest activation, [n]"""
    of: int
    """The number of images that they are from: those of the decile, else all"""
    low: float
    high: float
    """The lowest and the highest activation of those images, of the weakest among the ones shown; NaN without images"""
    why_dead: str
    """As LayerInfo.why_dead"""


def examples(reader: RunReader, layer: str, unit: int, wanted: Range) -> Examples:
    """A unit's images from a range other than STRONGEST. The random ones are always the same for a neuron.

    A dead unit has the same activation everywhere, so that it has only random ones. Raises MammiError for an unknown
    neuron, ValueError for STRONGEST.
    """
    if wanted == STRONGEST:
        raise ValueError("the representative images depend on α: Requery.neuron gives them")
    info = find_layer(layer, reader.layers)
    find_unit(unit, info)
    images = reader.image_count
    if wanted == RANDOM:
        rng = np.random.default_rng((_SEED, info.first_neuron + unit))
        first, last, ranks = 0, images, np.sort(rng.permutation(images)[:MOST])
    elif info.dead[unit]:
        first, last, ranks = 0, 0, np.empty(0, np.int64)
    elif wanted == WEAKEST:
        first, last = max(0, images - MOST), images
        ranks = np.arange(first, last)[::-1]
    else:
        first, last = round(images * wanted.above), round(images * (1 - wanted.below))
        count = min(MOST, last - first)
        ranks = first + ((np.arange(count) + 0.5) * (last - first) / max(1, count)).astype(np.int64)
    if first == last:
        nothing = np.empty(0, np.int64)
        none = (nothing, nothing.astype(np.float32), nothing, 0, np.nan, np.nan)
        return Examples(layer, unit, wanted, *none, info.why_dead(unit))
    found, activations = _at(reader, info, unit, np.concatenate([ranks, [first, last - 1]]))
    return Examples(
        *(layer, unit, wanted, found[:-2].astype(np.int64), activations[:-2], ranks + 1),
        *(
            images if wanted == WEAKEST else last - first,
            float(activations[-1]),
            float(activations[-2]),
            info.why_dead(unit),
        ),
    )


def _at(
    reader: RunReader, layer: LayerInfo, unit: int, ranks: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The images and activations at some ranks of a unit, from 0; only the blocks that hold them are read."""
    wanted, places = np.unique(ranks // BLOCK, return_inverse=True)
    first = (layer.first_neuron + unit) * reader.arrays.blocks_each
    images, activations = reader.arrays.blocks(first + wanted)
    rows, columns = places.reshape(-1), ranks % BLOCK
    return images[rows, columns], activations[rows, columns]
