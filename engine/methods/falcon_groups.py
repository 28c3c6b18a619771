"""What FALCON explains of a layer, units or groups of units, and the words of a unit from those of its groups.

Source: as engine.methods.falcon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring
from engine.methods.contrast_sets import FeatureGroup, bound_at, feature_groups, low_sets, single_units

if TYPE_CHECKING:
    from engine.methods.falcon import Options

Floats = NDArray[np.float64]
_UNITS_NAMED = 4
"""The most units of a group that its name lists"""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What is explained of one layer."""

    groups: Sequence[FeatureGroup]
    low: Sequence[NDArray[np.int64]]
    """The low set of each group"""
    of_unit: Sequence[Sequence[int]]
    """The places of each unit's groups"""
    bound: float
    """The least r of the high sets"""


def explained(
    options: Options, representations: NDArray[np.float32], alike: Callable[[FeatureGroup], bool] = lambda _: True
) -> Explained:
    """The units with a high set, or groups of units, from representations [units, p]. `alike` says which groups
    stay."""
    bound = bound_at(representations, options.limit) if options.threshold is None else options.threshold
    groups = (
        [group for group in feature_groups(representations, bound, options.group_images) if alike(group)]
        if options.groups
        else [group for group in single_units(representations, bound) if len(group.high)]
    )
    of_unit: list[list[int]] = [[] for _ in representations]
    for place, group in enumerate(groups):
        for unit in group.units:
            of_unit[unit].append(place)
    low = low_sets(representations, groups, options.alike, options.low_count)
    return Explained(groups, low, of_unit, bound)


def contrasted(options: Options, high: Floats, low: Floats) -> Floats:
    """The score of each word of a group, 0 for those that are dropped, from the scores [words] on both sets."""
    return np.where(low < options.shared, high, 0.0)


def ranked(scores: Floats) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """From the `contrasted` scores of a unit's groups [groups, words]: the words, the best first, without those that
    score 0; the best score of each; and the group that has it."""
    best = scores.max(axis=0)
    words = scoring.rank(best)
    words = words[best[words] > 0]
    return words, best[words], scores.argmax(axis=0)[words]


def group_name(group: FeatureGroup) -> str:
    """A group as a detail of its words."""
    more = len(group.units) - _UNITS_NAMED
    named = ", ".join(map(str, group.units[:_UNITS_NAMED])) + (f" and {more} more" if more > 0 else "")
    return f"{'units' if len(group.units) > 1 else 'unit'} {named}; {len(group.high)} images"
