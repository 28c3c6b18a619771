"""What a run says of one class: how well the model finds it, and how much of that well supported neurons explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.competing import Words
from engine.decisions.discrimination import Area, area, average_precision
from engine.decisions.outputs import KINDS, Kind, Outcomes
from engine.decisions.reliability import Reliability, reliability
from engine.evidence.details import Trust

WELL = Trust.FAIR
"""The grade from which a neuron counts as well supported"""


@dataclass(frozen=True, slots=True, eq=False)
class ClassFigures:
    """How well the model finds a class over the probing set."""

    counts: Mapping[Kind, int]
    """Films of each kind; all 0 where the class is no label"""
    predicted: int
    labelled: int
    unusable: int
    """Films whose output is no number: they are in no figure but the counts"""
    area: Area | None
    """None where the class is no label"""
    precision: float
    """AUPRC; NaN where no film is labelled so"""
    reliability: Reliability | None
    """None where the class is no label, or the outputs are no probabilities"""

    @property
    def prevalence(self) -> float:
        """The share of films that are labelled so."""
        return self.labelled / total if (total := sum(self.counts.values())) else float("nan")


def class_figures(outcomes: Outcomes, number: int, clusters: NDArray[np.integer]) -> ClassFigures:
    """The figures of a class by its number. `clusters` numbers each film's patient, [p]
    (engine.evidence.metadata.Metadata.clusters)."""
    counts = {kind: int(outcomes.of_kind(kind, number).sum()) for kind in KINDS}
    predicted, labelled = int(outcomes.predicted[:, number].sum()), int(outcomes.labelled[:, number].sum())
    usable = ~np.isnan(outcomes.probabilities[:, number])
    unusable = int((~usable).sum())
    if not outcomes.known[number]:
        return ClassFigures(counts, predicted, labelled, unusable, None, float("nan"), None)
    scores, truth = outcomes.probabilities[usable, number], outcomes.labelled[usable, number]
    whole = scores.size > 0 and float(scores.min()) >= 0 and float(scores.max()) <= 1
    return ClassFigures(
        *(counts, predicted, labelled, unusable),
        *(area(scores, truth, clusters[usable]), average_precision(scores, truth)),
        reliability(scores, truth) if whole else None,
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """How much of the importance for a class neurons of each grade hold, as shares of Σ|importance| over a layer."""

    well: float
    """By neurons whose words are strongly or fairly supported"""
    ill: float
    """By neurons whose words are weakly supported, or unsupported"""
    silent: float
    """By neurons without a word"""
    ungraded: float
    """By neurons that are not graded yet"""


def explained(
    importance: NDArray[np.floating], trust: NDArray[np.integer] | None, worded: NDArray[np.bool_]
) -> Explained:
    """From a layer's importance for a class, [units]; the grades, [units] (None before they are known); and whether
    each unit has an annotation, [units]. All shares are 0 where no unit has any importance."""
    sizes = np.abs(importance.astype(np.float64))
    total = float(sizes.sum()) or 1.0
    silent = float(sizes[~worded].sum()) / total
    if trust is None:
        return Explained(0.0, 0.0, silent, float(sizes[worded].sum()) / total)
    well = worded & (trust >= WELL)
    return Explained(float(sizes[well].sum()) / total, float(sizes[worded & ~well].sum()) / total, silent, 0.0)


@dataclass(frozen=True, slots=True)
class Speaking:
    """A word that speaks for or against a class: what units annotated with it add to the output."""

    concept: int
    """By its index in the run"""
    total: float
    units: int


def words_that_speak(importance: NDArray[np.floating], words: Words) -> list[Speaking]:
    """The words of a layer's units by what they add to a class's output, highest first; those that lower it last.

    A unit's importance, [units], is split evenly among its annotated words, so that the totals of all words sum to the
    importance of all units that have one.
    """
    owners = words.owners
    shares = importance.astype(np.float64) / np.maximum(np.bincount(owners, minlength=len(importance)), 1)
    concepts, places = np.unique(words.concepts, return_inverse=True)
    totals = np.bincount(places, shares[owners], len(concepts))
    counts = np.bincount(places, minlength=len(concepts))
    order = np.argsort(-totals, kind="stable")
    return [Speaking(int(concepts[each]), float(totals[each]), int(counts[each])) for each in order]
