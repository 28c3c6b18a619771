"""Hidden units against recorded truth: does an annotation name what the unit follows?

A truth is a set of images with something in common: a finding (a label), a view, the highest or lowest fifth of an
anatomical parameter, which phantoms record, or a value of an attribute (engine.evaluation.attribute_truths). A unit
follows a truth clearly if its activation separates the truth's images from the others: the area under the ROC curve
(AUROC) is CLEAR or more. This is the chance that the activation is higher on an image of the truth than on another
image, where a tie counts half.

Several truths may be clear for a unit. Of these it follows the one whose images correlate best with its activation
(Pearson's r with 0 and 1). The AUROC cannot decide that: it hardly changes when half of a truth's images are taken
away, so it prefers rare truths (Oikarinen, Yan, Weng 2025, arXiv 2506.05774). The choices by AUROC and by average
precision above chance are reported beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.faithfulness.metrics import above_chance, pearson
from engine.evaluation.faithfulness.ranks import Ranks
from engine.evaluation.synonyms import nih14_synonyms
from engine.names import compared
from engine.probing.phantom.parameter_words import PARAMETER_WORDS, VIEW_WORDS, ParameterWords

Criterion = Literal["pearson", "average_precision", "auroc"]
CRITERIA: tuple[Criterion, ...] = ("pearson", "average_precision", "auroc")
CRITERION: Criterion = "pearson"
"""What chooses among the truths that are clear for a unit"""
CLEAR = 0.75
"""The AUROC from which a unit clearly follows a truth"""
SHARE = 0.2
"""The share of images with the highest, and with the lowest, values of a parameter"""
FEWEST = 20
"""Images that a truth must hold, and leave out; with fewer the AUROC is too often above CLEAR by chance"""
EXCHANGES = 10_000
_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A set of images with something in common, and the concepts that name it."""

    name: str
    """Such as "Effusion", "low inspiration", "AP view" """
    words: frozenset[str]
    """The concepts that name it, as `compared`"""
    images: NDArray[np.bool_]
    """Whether an image belongs to it, [p]"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How often concepts name the truth, and how often they would if the units exchanged their concepts."""

    hit_rate: float
    chance: float
    p_value: float


def truths(
    labels: tuple[Sequence[str], NDArray[np.bool_]],
    parameters: tuple[Sequence[str], NDArray[np.float64]],
    views: Sequence[str | None],
) -> list[Truth]:
    """The truths of a probing set, from its labels (names, [p, L]), parameters (names, [p, k]) and views [p].

    Parameters that some images lack (the severities of findings) are left out, and so are truths with too few images.
    """
    found = [*_labels(*labels), *_views(views), *_parameters(*parameters)]
    return [truth for truth in found if FEWEST <= int(truth.images.sum()) <= len(truth.images) - FEWEST]


def _labels(names: Sequence[str], table: NDArray[np.bool_]) -> Iterator[Truth]:
    for name, images in zip(names, table.T, strict=True):
        label = compared(name)
        yield Truth(name, nih14_synonyms().get(label, frozenset()) | {label}, images)


def _views(views: Sequence[str | None]) -> Iterator[Truth]:
    for view in sorted({view for view in views if view}):
        words = {compared(view), *VIEW_WORDS.get(view, ())}
        yield Truth(f"{view} view", frozenset(words), np.array([other == view for other in views]))


def _parameters(names: Sequence[str], table: NDArray[np.float64]) -> Iterator[Truth]:
    for name, values in zip(names, table.T, strict=True):
        if np.isnan(values).any():
            continue
        words = PARAMETER_WORDS.get(name, ParameterWords((compared(name),)))
        low, high = np.quantile(values, [SHARE, 1 - SHARE])
        yield Truth(f"high {name}", frozenset(words.always + words.high), values >= high)
        yield Truth(f"low {name}", frozenset(words.always + words.low), values <= low)


def aurocs(activations: NDArray[np.float32], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """AUROCs [units, t] from activations [units, p] and the images of each truth [t, p]; 0.5 for a dead unit."""
    numbers = members.astype(np.float64)
    return np.stack([Ranks.of(values).aurocs(numbers) for values in activations])


def followed_by_each(
    activations: NDArray[np.float32], candidates: Sequence[Truth]
) -> Mapping[Criterion, list[Truth | None]]:
    """The truth that each of the units [units, p] follows best by each criterion; None if it follows none clearly.

    Only truths with an AUROC of CLEAR or more count. Ties go to the first.
    """
    chosen: dict[Criterion, list[Truth | None]] = {criterion: [] for criterion in CRITERIA}
    if not candidates:
        return {criterion: [None] * len(activations) for criterion in CRITERIA}
    members = np.stack([truth.images for truth in candidates])
    numbers = members.astype(np.float64)
    for values in activations:
        ranks = Ranks.of(values)
        areas = ranks.aurocs(numbers)
        clear = np.flatnonzero(areas >= CLEAR)
        of_clear = {
            "pearson": pearson(values, numbers[clear]),
            "average_precision": np.array(
                [above_chance(ranks.average_precision(row), row.mean()) for row in members[clear]]
            ),
            "auroc": areas[clear],
        }
        for criterion in CRITERIA:
            best = candidates[clear[of_clear[criterion].argmax()]] if len(clear) else None
            chosen[criterion].append(best)
    return chosen


def exchange(concepts: Sequence[Sequence[str]], words: Sequence[frozenset[str]]) -> Exchange:
    """How often the concepts of n units are among the words that name what the units follow.

    `chance` is the expected share when the concepts are dealt out at random among the units, so words that suit many
    units gain nothing. `p_value` is the share of EXCHANGES random deals, counting the actual one, that do as well or
    better. It treats units as independent, which units that follow the same truth are not quite. Raises ValueError for
    no units.
    """
    if not words:
        raise ValueError("no units to score")
    hits = np.array([[not own.isdisjoint(given) for given in concepts] for own in words], dtype=np.int64)
    rows = np.arange(len(hits))
    found = int(hits[rows, rows].sum())
    rng = np.random.default_rng(_SEED)
    dealt = rng.permuted(np.tile(rows, (EXCHANGES, 1)), axis=1)
    as_good = int((hits[rows, dealt].sum(axis=1) >= found).sum())
    return Exchange(found / len(hits), float(hits.mean()), (as_good + 1) / (EXCHANGES + 1))


def counted(names: Sequence[str]) -> Mapping[str, int]:
    """How often each name occurs, most frequent first, then by name."""
    return {name: names.count(name) for name in sorted(set(names), key=lambda name: (-names.count(name), name))}
