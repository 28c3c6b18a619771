"""How well sets of images say when one unit is active: metrics, each with what two sanity tests find of it.

A word is judged by the set of images that carry it. The missing-label test takes half of these images away at random,
the extra-label test adds as many others at random. The metric must fall in more than nine draws of ten, at every share
of images: else words that are too narrow, or too wide, look as good as the right ones. Tests, names and the metrics of
the first two groups follow Oikarinen, Yan and Weng, "Evaluating Neuron Explanations: A Unified Framework with Sanity
Checks" (ICML 2025, arXiv 2506.05774); responsiveness and purity are those of FADE (Puri et al. 2025, arXiv 2502.16994),
AUC and MAD those of CoSy (Kopf et al. 2024, arXiv 2405.20331), over films with and without the word in place of
generated pictures and a control set.

Every metric takes a Unit and sets of images [t, p], each neither empty nor of all images, and gives [t].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.faithfulness.ranks import Flags, Floats, Ranks

ON = 0.1
"""The share of images, those with the highest activation, on which a unit counts as on"""
_LEAST = 1e-8
"""The probability that stands for a missing label in WPMI, as published"""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One unit's activations, prepared for all metrics."""

    values: Floats
    """[p]"""
    on: Flags
    """Whether the unit is on, [p]; equal activations at the cut are all on"""
    ranks: Ranks

    @classmethod
    def of(cls, values: NDArray[np.floating], on: Flags | None = None) -> Self:
        """From activations [p] without NaN; it is on at the share ON of the images unless `on` says where."""
        if on is None:
            count = math.ceil(ON * len(values))
            on = values >= np.partition(values, len(values) - count)[len(values) - count]
        return cls(values.astype(np.float64), on, Ranks.of(values))


def pearson(values: NDArray[np.floating], members: Flags | Floats) -> Floats:
    """Pearson's r of activations [p] with 1 for the images of a set and 0 for others (point-biserial), [t]; NaN where
    either is constant. Numbers [t, p] are faster than flags."""
    centred = values.astype(np.float64) - values.mean(dtype=np.float64)
    shares = members.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = members @ centred / len(values) / (centred.std() * np.sqrt(shares * (1 - shares)))
    return found


def above_chance(precision: Floats | float, share: Floats | float) -> Floats | float:
    """Average precision above that of random activations: 0 for these, 1 for a perfect order. `share` is the share of
    images in the set, which random activations reach."""
    return (precision - share) / (1 - share)


def _pearson(unit: Unit, members: Flags) -> Floats:
    return pearson(unit.values, members)


def _cosine(unit: Unit, members: Flags) -> Floats:
    found: Floats = members @ unit.values / (np.linalg.norm(unit.values) * np.sqrt(members.sum(axis=1)))
    return found


def _counts(unit: Unit, members: Flags) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Images both on and in the set [t], images in the set [t], images on."""
    return (members & unit.on).sum(axis=1), members.sum(axis=1), int(unit.on.sum())


def _auprc(unit: Unit, members: Flags) -> Floats:
    """The labels predict where the unit is on: two steps of the precision–recall curve."""
    both, of_set, on = _counts(unit, members)
    found: Floats = both / of_set * both / on + (1 - both / on) * on / members.shape[1]
    return found


def _f1(unit: Unit, members: Flags) -> Floats:
    both, of_set, on = _counts(unit, members)
    return 2 * both / (of_set + on)


def _iou(unit: Unit, members: Flags) -> Floats:
    both, of_set, on = _counts(unit, members)
    return both / (of_set + on - both)


def _recall(unit: Unit, members: Flags) -> Floats:
    """The share of the images where the unit is on that are in the set."""
    both, _, on = _counts(unit, members)
    return both / on


def _precision(unit: Unit, members: Flags) -> Floats:
    """The share of the set's images on which the unit is on."""
    both, of_set, _ = _counts(unit, members)
    return both / of_set


def _wpmi(unit: Unit, members: Flags) -> Floats:
    both, of_set, on = _counts(unit, members)
    found: Floats = (1 - both / on) * math.log(_LEAST) - np.log(of_set / members.shape[1])
    return found


def _average_precision(unit: Unit, members: Flags) -> Floats:
    return np.array([unit.ranks.average_precision(member) for member in members])


def _above_chance(unit: Unit, members: Flags) -> Floats:
    return np.asarray(above_chance(_average_precision(unit, members), members.mean(axis=1)))


def _auc(unit: Unit, members: Flags) -> Floats:
    return unit.ranks.aurocs(members)


def _responsiveness(unit: Unit, members: Flags) -> Floats:
    return np.abs(2 * _auc(unit, members) - 1)


def _purity(unit: Unit, members: Flags) -> Floats:
    """Average precision; of the reversed activations where the unit is lower on the set, as FADE computes it."""
    areas = _auc(unit, members)
    reverse = unit.ranks.reversed()
    both = ((unit.ranks if area >= 0.5 else reverse) for area in areas)
    return np.array([ranks.average_precision(member) for ranks, member in zip(both, members, strict=True)])


def _mad(unit: Unit, members: Flags) -> Floats:
    """The difference of the means with and without, over the standard deviation without; 0 where that is 0, as CoSy's
    code has it. That is why an ideal unit fails the extra-label test, which the difference alone passes."""
    centred = unit.values - unit.values.mean()
    inside = members.sum(axis=1)
    outside = len(centred) - inside
    sums, squares = members @ centred, members @ centred**2
    mean = (centred.sum() - sums) / outside
    spread = np.sqrt(np.maximum((centred**2).sum() - squares - outside * mean**2, 0) / np.maximum(outside - 1, 1))
    known = spread > np.finfo(np.float64).eps * np.abs(centred).max(initial=0)
    return np.where(known, (sums / inside - mean) / np.where(known, spread, 1), 0.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and what the sanity tests find of it, which a test of this package measures again."""

    name: str
    title: str
    of: Callable[[Unit, Flags], Floats]
    missing: bool
    """Whether it passes the missing-label test"""
    extra: bool
    """Whether it passes the extra-label test"""
    at_rest: bool = False
    """Whether the marks hold only for units that are near 0 on images without the word. The metric changes when all
    activations are shifted."""

    @property
    def trusted(self) -> bool:
        return self.missing and self.extra


METRICS = (
    Metric("pearson", "Pearson", _pearson, missing=True, extra=True),
    Metric("cosine", "cosine", _cosine, missing=True, extra=True, at_rest=True),
    Metric("auprc", "AUPRC", _auprc, missing=True, extra=True),
    Metric("f1", "F1", _f1, missing=True, extra=True),
    Metric("iou", "IoU", _iou, missing=True, extra=True),
    Metric("ap_above_chance", "AP above chance", _above_chance, missing=True, extra=True),
    Metric("recall", "recall", _recall, missing=True, extra=False),
    Metric("precision", "precision", _precision, missing=False, extra=True),
    Metric("wpmi", "WPMI", _wpmi, missing=True, extra=False),
    Metric("responsiveness", "responsiveness", _responsiveness, missing=False, extra=True),
    Metric("purity", "purity", _purity, missing=True, extra=False),
    Metric("auc", "AUC", _auc, missing=False, extra=True),
    Metric("mad", "MAD", _mad, missing=False, extra=False),
)
"""Those that pass both tests first"""
