"""How far units and outputs change between the films of pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rates import q_values
from engine.counterfactual.passing import OUTPUTS, Pairs
from engine.counterfactual.signed_rank import p_values
from engine.store.decision_records import Probabilities
from engine.store.probabilities import as_probabilities

Floats = NDArray[np.float64]
LEVEL = 0.05
"""q from which on a change is called one"""
LARGE = 0.5
"""Standard deviations from which on a change is called large: half of what the films of the set differ by. As films of
pairs differ in nothing else, nearly every unit changes a little, and significance alone tells little."""


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """The paired change of each unit of a layer, or of each output: second − first, [units]."""

    median: Floats
    """In standard deviations of the unit over films of the probing set; 0 for a unit that never varies there"""
    agreeing: Floats
    """The share of the pairs that change in the direction of the median"""
    p: Floats
    """Wilcoxon's signed-rank test"""
    q: Floats
    """p corrected for the units of all layers, or for the outputs, of these pairs (Benjamini–Hochberg)"""

    @property
    def large(self) -> NDArray[np.bool_]:
        """Changes that are significant and large, [units]."""
        return np.asarray((self.q <= LEVEL) & (np.abs(self.median) >= LARGE))

    @property
    def order(self) -> NDArray[np.int64]:
        """The units by the size of their change, the largest first, [units]."""
        return np.argsort(-np.abs(self.median), kind="stable")


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """The change of the model's outputs."""

    effects: Effects
    probabilities: tuple[Floats, Floats]
    """The mean probability of each class on the first and on the second films, [classes] each"""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What changes between the films of one change's pairs."""

    name: str
    states: tuple[str, str]
    limits: str
    pairs: int
    differing: int
    """Pairs whose films differ in a pixel at all; 0 where the films do not show the change. The figures are of these"""
    share: float
    """Of the pixels that differ, the mean over these pairs"""
    layers: Mapping[str, Effects]
    outputs: Outputs | None
    """None for a model without outputs"""

    @property
    def needed(self) -> int:
        """The pairs from which on a unit that changes alone can be significant: 2/2ⁿ, the smallest p of n pairs, times
        the number of units, is at most LEVEL."""
        units = max(sum(len(each.median) for each in self.layers.values()), 1)
        return math.ceil(math.log2(2 * units / LEVEL))


def effects_of(pairs: Sequence[Pairs], own: Mapping[str, NDArray[np.float32]], how: Probabilities) -> list[Found]:
    """What changes in each of these pairs. `own`: layer, or OUTPUTS -> the values [n, units] over films of the probing
    set as they are; `how` tells how outputs become probabilities."""
    return [_found(each, own, how) for each in pairs if each.differing]


def _found(pairs: Pairs, own: Mapping[str, NDArray[np.float32]], how: Probabilities) -> Found:
    shares = np.array(pairs.differing)
    shown = shares > 0 if shares.any() else np.ones(len(shares), np.bool_)
    first, second = (
        {layer: values[shown] for layer, values in each.stacked().items()} for each in (pairs.first, pairs.second)
    )
    layers = [layer for layer in first if layer != OUTPUTS]
    made = {layer: _effects(second[layer], first[layer], own[layer]) for layer in first}
    q = q_values(np.concatenate([made[layer].p for layer in layers])) if layers else np.empty(0)
    ends = np.cumsum([len(made[layer].p) for layer in layers])[:-1]
    corrected = {
        layer: Effects(made[layer].median, made[layer].agreeing, made[layer].p, part)
        for layer, part in zip(layers, np.split(q, ends), strict=True)
    }
    outputs = None
    if OUTPUTS in first:
        means = [as_probabilities(each[OUTPUTS], how).mean(axis=0, dtype=np.float64) for each in (first, second)]
        outputs = Outputs(made[OUTPUTS], (means[0], means[1]))
    change = pairs.change
    return Found(
        *(change.name, change.states, change.limits, len(shares), int((shares > 0).sum())),
        *(float(shares[shown].mean()), corrected, outputs),
    )


def _effects(second: NDArray[np.float32], first: NDArray[np.float32], own: NDArray[np.float32]) -> Effects:
    """The effects of a layer from its values [n, units] on the films of pairs; q over its own units."""
    differences = second.astype(np.float64) - first
    deviations = own.std(axis=0, dtype=np.float64)
    medians = np.median(differences, axis=0)
    agreeing = (np.sign(differences) == np.sign(medians)).mean(axis=0)
    p = p_values(differences)
    scaled = np.divide(medians, deviations, out=np.zeros_like(medians), where=deviations > 0)
    return Effects(scaled, np.where(medians == 0, 0.0, agreeing), p, q_values(p))
