"""What is recorded about a run's images beside findings: sex, age, view, device, site and whatever a table says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.probing.base import NONE

MOST_VALUES = 256
"""The most values that are told apart: a table of v by p for all values of a large set would not fit into memory"""


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute of the p usable images. An image may have several values, such as its devices."""

    name: str
    values: tuple[str, ...]
    """The v values that some image has, ascending, without NONE; of more than MOST_VALUES the most frequent"""
    members: NDArray[np.bool_]
    """Which images have a value, [v, p]"""
    known: NDArray[np.bool_]
    """Whether the attribute is known of an image, [p]; of an image with the value NONE it is"""
    numbers: NDArray[np.float64] | None
    """Each image's value as a number, [p], NaN where it is unknown; None unless all values are numbers and no image has
    several"""

    @classmethod
    def of(cls, name: str, images: Sequence[int], values: Sequence[str], count: int) -> Self:
        """Of `count` images, from the image and the value of each row. Raises IndexError for an image beyond them."""
        if min(images, default=0) < 0:
            raise IndexError(f"{name} of no image")
        known = np.zeros(count, dtype=np.bool_)
        known[list(images)] = True
        numbers = _numbers(images, values, known)
        counts = Counter(values)
        del counts[NONE]
        names = tuple(sorted(sorted(counts, key=lambda value: (-counts[value], value))[:MOST_VALUES]))
        places = {value: place for place, value in enumerate(names)}
        members = np.zeros((len(names), count), dtype=np.bool_)
        for image, value in zip(images, values, strict=True):
            if value in places:
                members[places[value], image] = True
        return cls(name, names, members, known, numbers)


def _numbers(images: Sequence[int], values: Sequence[str], known: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    if len(images) != np.count_nonzero(known):
        return None
    numbers = np.full(len(known), np.nan)
    for image, value in zip(images, values, strict=True):
        try:
            numbers[image] = float("" if "_" in value else value)
        except ValueError:
            return None
        if not math.isfinite(numbers[image]):
            return None
    return numbers if len(images) else None
