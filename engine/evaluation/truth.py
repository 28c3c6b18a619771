"""Hidden units against known truth: does an annotation name what the unit follows?

A truth is a set of images that something is known of: those with a finding (a label), of a view, or with the highest or
lowest fifth of an anatomical parameter, which phantoms know. A unit follows the truth whose images its activation tells
best from the others, measured for all truths alike by the area under the ROC curve (AUROC): the chance that the
activation is higher on an image of the truth than on another one, ties counted half. For a parameter this is a rank
statistic too, so that findings and parameters stand on one scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.synonyms import compared, nih14_synonyms
from engine.probing.phantom.parameter_words import PARAMETER_WORDS, VIEW_WORDS, ParameterWords

CLEAR = 0.75
"""AUROC from which on a unit clearly follows a truth."""
SHARE = 0.2
"""Of the images, with the highest and with the lowest values of a parameter."""
FEWEST = 20
"""Images that a truth must hold, and leave out: the AUROC of fewer is too often above CLEAR by chance."""
EXCHANGES = 10_000
_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    name: str
    """Such as "Effusion", "low inspiration", "AP view" """
    words: frozenset[str]
    """That name it, as `compared`"""
    images: NDArray[np.bool_]
    """[p]"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How often concepts name the truth, and how often they would if the units exchanged theirs."""

    hit_rate: float
    chance: float
    p_value: float


def truths(
    labels: tuple[Sequence[str], NDArray[np.bool_]],
    parameters: tuple[Sequence[str], NDArray[np.float64]],
    views: Sequence[str | None],
) -> list[Truth]:
    """What is known of a probing set: its label table (names, [p, L]), parameter table (names, [p, k]) and views [p].

    Left out are parameters that some images do not have (the severities of findings), and what too few images have.
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
    """[units, t] from activations [units, p] and the images of each truth [t, p]; 0.5 for a dead unit.

    From the Mann–Whitney statistic: (mean rank of the members − (n₁ + 1) / 2) / n₀, with mid-ranks.
    """
    sizes = members.sum(axis=1)
    weights = members.T / sizes
    means = np.stack([_ranks(values) @ weights for values in activations])
    areas: NDArray[np.float64] = (means - (sizes + 1) / 2) / (members.shape[1] - sizes)
    return areas


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """From 1, equal values at the mean of their ranks."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def followed(activations: NDArray[np.float32], known: Sequence[Truth]) -> list[Truth | None]:
    """For each unit the truth that it follows best; None where it follows none clearly. Ties go to the first."""
    if not known:
        return [None] * len(activations)
    areas = aurocs(activations, np.stack([truth.images for truth in known]))
    best = areas.argmax(axis=1)
    return [known[truth] if area >= CLEAR else None for truth, area in zip(best, areas.max(axis=1), strict=True)]


def exchange(concepts: Sequence[Sequence[str]], words: Sequence[frozenset[str]]) -> Exchange:
    """How often the concepts of n units are among the words that name what they follow.

    `chance` is the expected share when the units' concepts are dealt out anew among them, which gives nothing for words
    that suit many units; `p_value` the share of EXCHANGES random deals, and the true one, that do as well or better. It
    takes units for independent, which units that follow the same truth are not quite. Raises ValueError for no units.
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
    """How often each name occurs, most first, then by name."""
    return {name: names.count(name) for name in sorted(set(names), key=lambda name: (-names.count(name), name))}
