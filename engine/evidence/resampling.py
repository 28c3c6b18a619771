"""The bootstrap and the split halves of several units at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ImageSets
from engine.evidence import bootstrap, candidates, halves
from engine.evidence.clusters import Clusters, Grouping
from engine.evidence.contest import Contest
from engine.evidence.details import Candidate, Floats
from engine.evidence.written import BLANKS, Written

_AT_ONCE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """What resampling gives for n units; NaN for units with fewer than two clusters."""

    clusters: NDArray[np.int64]
    """Number of clusters, [n]"""
    margin_intervals: Floats
    """[n, 2]; also NaN without a second concept"""
    change_chances: Floats
    rivals: NDArray[np.int64]
    """The place among the k directions that is the best most often where the first is not; −1 for none"""
    half_agreements: Floats
    half_correlations: Floats
    candidates: NDArray[np.int64]
    """Number of the concepts that may be the best; all of them for units with fewer than two clusters"""
    candidate_concepts: NDArray[np.object_]
    """Those that were drawn, the best first, a tuple of Candidate each; () for units with fewer than two clusters"""


def resample(sets: ImageSets, grouping: Grouping, scores: Floats, contest: Contest) -> Resampled:
    """Resamples n units, from their sets of images, none of them empty, and their scores [n, k]."""
    count = len(sets)
    found = Resampled(
        np.zeros(count, dtype=np.int64),
        np.full((count, 2), np.nan),
        np.full(count, np.nan),
        np.full(count, -1),
        np.full(count, np.nan),
        np.full(count, np.nan),
        np.full(count, scores.shape[1]),
        np.full(count, BLANKS[Written.CANDIDATES], dtype=np.object_),
    )
    for start in range(0, count, _AT_ONCE):
        part = range(start, min(start + _AT_ONCE, count))
        clusters = {index: grouping.clusters(sets.of(index)) for index in part}
        found.clusters[part] = [held.total for held in clusters.values()]
        several = {index: held for index, held in clusters.items() if held.total > 1}
        if several:
            _bootstrap(found, sets, several, grouping, scores, contest)
            _halve(found, several, scores, contest)
    return found


def _bootstrap(
    found: Resampled,
    sets: ImageSets,
    units: dict[int, Clusters],
    grouping: Grouping,
    scores: Floats,
    contest: Contest,
) -> None:
    contestants = contest.contestants(scores[list(units)])
    for (index, clusters), chosen in zip(units.items(), contestants, strict=True):
        few = clusters.total <= bootstrap.FEW
        concepts = bootstrap.with_all_others(chosen, scores.shape[1]) if few else chosen
        margins, found.change_chances[index], rival, wins = bootstrap.margins(
            clusters, scores[index, concepts], contest.narrow[concepts]
        )
        found.rivals[index] = concepts[rival] if rival >= 0 else -1
        found.margin_intervals[index] = np.quantile(margins, (0.025, 0.975))
        images = sets.of(index)
        of_unit = candidates.Images(clusters, grouping.edge(images), grouping.share(images))
        held = candidates.held(of_unit, scores[index], contest, chosen)
        found.candidates[index] = len(held)
        shares = dict(zip(concepts.tolist(), wins.tolist(), strict=True))
        drawn = [place for place in held.tolist() if place in shares][: bootstrap.CONTESTANTS]
        found.candidate_concepts[index] = tuple(
            Candidate(int(contest.competing.first[place]), shares[place]) for place in drawn
        )


def _halve(found: Resampled, units: dict[int, Clusters], scores: Floats, contest: Contest) -> None:
    for index, clusters in units.items():
        means, ratios = halves.half_means(clusters)
        # A product of its own, so that a unit has the same figures alone as among others, to the last bit.
        found.half_agreements[index], found.half_correlations[index] = halves.agreement(
            scores[index], scores[index] - contest.means, means @ contest.narrow.T, ratios
        )
