"""The evidence of every unit of a layer at one α, whatever β."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ImageSets
from engine.evidence import alpha_path, bootstrap, confounds, enrichment, groups, significance, templates
from engine.evidence.answers import Floats
from engine.evidence.clusters import Grouping
from engine.evidence.contest import Contest
from engine.evidence.metadata import Metadata
from engine.evidence.population import Population
from engine.evidence.resampling import resample
from engine.requery import LayerMeans, Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.schema import BLOCK

_UNITS_AT_ONCE = 128
_IMAGES_AT_ONCE = 1 << 19
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Probing:
    """What all neurons of a run share, whatever concepts compete."""

    reader: RunReader
    requery: Requery
    population: Population
    metadata: Metadata
    grouping: Grouping
    group_test: groups.GroupTest
    base_tightness: float
    """Mean pairwise cosine of all images"""

    @classmethod
    def of(cls, reader: RunReader, requery: Requery) -> Self:
        population, metadata = Population.of(requery.vectors()), Metadata.of(reader)
        tightness = groups.tightness(population.mean, np.array(len(population)))
        return cls(
            *(reader, requery, population, metadata),
            *(Grouping(population, metadata), groups.GroupTest(population), float(tightness)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """Columns [units] as LayerEvidence and NeuronEvidence have them. Concepts are by index among all of the run's."""

    counts: Integers
    means: Floats
    """Of the representatives' unit embeddings, [units, d]"""
    best: Integers
    second: Integers
    z_scores: Floats
    p_values: Floats
    q_values: Floats
    centred_best: Integers
    margins: Floats
    margin_intervals: Floats
    """[units, 2]"""
    change_chances: Floats
    rivals: Integers
    alpha_lows: Floats
    alpha_highs: Floats
    half_agreements: Floats
    half_correlations: Floats
    template_bests: Integers
    """[units, T]"""
    template_agreements: Floats
    tightness: Floats
    two_groups: NDArray[np.bool_]
    labels: Integers
    """−1 for none"""
    label_q_values: Floats
    patients: Integers
    patient_shares: Floats
    view_shares: Floats
    label_shares: Floats

    @classmethod
    def blank(cls, means: LayerMeans, templates: int) -> Self:
        """Of units of which nothing but these is known."""
        units = len(means.counts)

        def floats() -> Floats:
            return np.full(units, np.nan)

        def indices() -> Integers:
            return np.full(units, -1)

        return cls(
            counts=means.counts,
            means=means.means,
            best=indices(),
            second=indices(),
            z_scores=floats(),
            p_values=floats(),
            q_values=floats(),
            centred_best=indices(),
            margins=floats(),
            margin_intervals=np.full((units, 2), np.nan),
            change_chances=floats(),
            rivals=indices(),
            alpha_lows=floats(),
            alpha_highs=floats(),
            half_agreements=floats(),
            half_correlations=floats(),
            template_bests=np.full((units, templates), -1),
            template_agreements=floats(),
            tightness=floats(),
            two_groups=np.zeros(units, dtype=np.bool_),
            labels=indices(),
            label_q_values=floats(),
            patients=np.zeros(units, dtype=np.int64),
            patient_shares=floats(),
            view_shares=floats(),
            label_shares=floats(),
        )


def unit_table(
    probing: Probing, contest: Contest, concept_set: str | None, layer: LayerInfo, alpha: float
) -> UnitTable:
    reader, requery, competing = probing.reader, probing.requery, contest.competing
    means, scores = requery.scores(layer, alpha, concept_set)
    table = UnitTable.blank(means, len(reader.other_templates))
    for units in _parts(means.counts):
        sets = requery.image_sets(layer, units, means.counts[units])
        _judge(table, units, scores[units], contest)
        drawn = resample(sets, probing.grouping, scores[units], contest)
        table.patients[units], table.margin_intervals[units] = drawn.clusters, drawn.margin_intervals
        table.change_chances[units] = drawn.change_chances
        table.rivals[units] = np.append(competing.first, -1)[drawn.rivals]
        table.half_agreements[units], table.half_correlations[units] = drawn.half_agreements, drawn.half_correlations
        _look_at(table, units, sets, probing, contest)
    table.tightness[:] = groups.tightness(means.means, means.counts)
    table.q_values[:] = significance.q_values(np.where(means.counts > 1, table.p_values, np.nan))
    table.q_values[means.counts == 1] = 1.0
    some = np.flatnonzero(means.counts > 0)
    table.template_bests[some] = templates.best_concepts(reader, competing, means.means[some])
    table.template_agreements[some] = templates.agreement(table.template_bests[some], table.best[some])
    intervals = alpha_path.intervals(reader, requery, layer, alpha, competing, table.best)
    table.alpha_lows[:], table.alpha_highs[:] = intervals
    return table


def _parts(counts: Integers) -> Iterator[Integers]:
    """The units with representatives, so many at once as have not too many."""
    units = np.flatnonzero(counts > 0)
    held = np.cumsum(-(-counts[units] // BLOCK) * BLOCK)
    while len(units):
        size = max(1, int(np.searchsorted(held, _IMAGES_AT_ONCE)))
        size = min(size, _UNITS_AT_ONCE)
        yield units[:size]
        units, held = units[size:], held[size:] - held[size - 1]


def _judge(table: UnitTable, units: Integers, scores: Floats, contest: Contest) -> None:
    """The best concepts, and what random image sets say of them; scores [n, k]."""
    rows = np.arange(len(units))
    best, second = bootstrap.two_best(scores)
    counts, centred = table.counts[units], scores - contest.means
    errors = significance.standard_errors(contest.deviations[best], counts, contest.images)
    z = significance.z_scores(centred[rows, best], errors)
    concepts = np.append(contest.competing.first, -1)
    table.best[units], table.second[units] = concepts[best], concepts[second]
    table.centred_best[units] = concepts[centred.argmax(axis=1)]
    table.margins[units] = np.where(second < 0, np.nan, scores[rows, best] - scores[rows, second])
    table.z_scores[units] = z
    for count in np.unique(counts):
        same = counts == count
        table.p_values[units[same]] = contest.null.p_values(z[same], int(count))


def _look_at(table: UnitTable, units: Integers, sets: ImageSets, probing: Probing, contest: Contest) -> None:
    """What the representative images have in common, and whether they fall in two groups."""
    table.labels[units], table.label_q_values[units] = enrichment.strongest(sets, probing.metadata)
    shares = confounds.shares(sets, probing.metadata)
    table.patient_shares[units], table.view_shares[units], table.label_shares[units] = shares
    table.two_groups[units] = probing.group_test.fall_in_two(sets, contest.best)


def judged(table: UnitTable, unit: int, scores: Floats, contest: Contest) -> tuple[Floats, Floats, Floats, Floats]:
    """Of every direction what `_judge` tells of a unit's best one, from its scores [k]: z, p alone, p adjusted for the
    choice among all, and q of that; [k] each, NaN without representatives."""
    count = int(table.counts[unit])
    if count == 0:
        nothing = np.full(len(scores), np.nan)
        return nothing, nothing, nothing, nothing
    errors = significance.standard_errors(contest.deviations, count, contest.images)
    z = significance.z_scores(scores - contest.means, errors)
    adjusted = contest.null.p_values(z, count)
    best = np.flatnonzero(contest.competing.first == table.best[unit])
    # To the last bit: a matrix product rounds differently for one unit than for many.
    z[best], adjusted[best] = table.z_scores[unit], table.p_values[unit]
    if count == 1:
        return z, adjusted, adjusted, adjusted
    alone = np.minimum(significance.p_values(z, contest.skewnesses, count, contest.images), adjusted)
    tests = np.where(table.counts > 1, table.p_values, np.nan)
    return z, alone, adjusted, significance.q_values_instead(tests, unit, adjusted)
