"""Some units of a layer, and what several of their figures are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.annotation import standing
from engine.annotation.cuts import Cuts
from engine.annotation.image_sets import ImageSets
from engine.evidence import bootstrap, confounds, enrichment
from engine.evidence.clusters import Grouping
from engine.evidence.contest import Contest
from engine.evidence.details import MOST_GROUPS, Floats, Integers
from engine.evidence.groups import FLOOR, Parts, filled
from engine.evidence.metadata import Metadata
from engine.evidence.population import Population
from engine.evidence.redundancy import Redundancy
from engine.evidence.resampling import Resampled, resample
from engine.evidence.two_means import tightness
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo


@dataclass(frozen=True, slots=True, eq=False)
class Probing:
    """What all neurons of a run share, whichever concepts compete."""

    reader: RunReader
    requery: Requery
    population: Population
    metadata: Metadata
    grouping: Grouping
    redundancy: Redundancy
    base_tightness: float
    """Mean pairwise cosine of all images"""

    @classmethod
    def of(cls, reader: RunReader, requery: Requery) -> Self:
        population, metadata = Population(requery.vectors(), *requery.spread()), Metadata.of(reader)
        alike = tightness(population.mean, np.array(len(population)))
        return cls(
            *(reader, requery, population, metadata, Grouping(population, metadata)),
            *(Redundancy(requery, len(population)), float(alike)),
        )


@dataclass(frozen=True, eq=False)
class Units:
    """n units of a layer, each with at least one representative image.

    A property computes its values when a figure first asks for them.
    """

    probing: Probing
    contest: Contest
    layer: LayerInfo
    cuts: Cuts
    units: Integers
    """Their indices in the layer, ascending, [n]"""
    counts: Integers
    """Representative images, [n]"""
    means: Floats
    """Means of the representatives' unit embeddings, [n, d]"""
    scores: Floats
    """What the concepts are ranked by, by distinct direction, [n, k]"""

    @cached_property
    def sets(self) -> ImageSets:
        """The representative images of each unit."""
        return self.probing.requery.image_sets(self.layer, self.units, self.counts)

    @cached_property
    def two_best(self) -> tuple[Integers, Integers]:
        """The directions with the highest and with the second highest score, [n] each; −1 for no second."""
        return bootstrap.two_best(self.scores)

    def concepts(self, directions: Integers) -> Integers:
        """The first concept with each of some directions; −1 for −1."""
        return np.append(self.contest.competing.first, -1)[directions]

    @cached_property
    def margins(self) -> Floats:
        """The score of the best concept, or its z, minus that of the second, [n]; NaN without a second."""
        rows, (best, second) = np.arange(len(self.units)), self.two_best
        leads = (self.scores[rows, best] - self.scores[rows, second]) * self._steps
        return np.where(second < 0, np.nan, leads)

    @cached_property
    def margin_intervals(self) -> Floats:
        """As Resampled.margin_intervals, in the units of `margins`, [n, 2]."""
        return self.resampled.margin_intervals * self._steps[:, None]

    @cached_property
    def _steps(self) -> Floats:
        """What a difference of 1 in `scores` is in Eq. 2's score or in z, whichever ranks, [n]; 0 for a set of all
        images, which has no z."""
        if self.cuts.ranking == "score":
            return np.ones(len(self.units))
        errors = standing.standard_errors(np.ones(1), self.counts, self.contest.images)
        return np.divide(1, errors, out=np.zeros_like(errors), where=errors > 0)

    @cached_property
    def centred(self) -> Floats:
        """The scores less the mean score of all images, in what the concepts are ranked by, [n, k]."""
        return self.scores - self.contest.means

    @cached_property
    def z_scores(self) -> Floats:
        """z of the best concept, [n]."""
        best, _ = self.two_best
        errors = standing.standard_errors(self.contest.deviations[best], self.counts, self.contest.images)
        return standing.z_scores(self.centred[np.arange(len(self.units)), best], errors)

    @cached_property
    def resampled(self) -> Resampled:
        return resample(self.sets, self.probing.grouping, self.scores, self.contest)

    @cached_property
    def parts(self) -> list[Parts]:
        """The groups that the strongest images of each unit fall into, [n]."""
        images = filled(self.contest.images)
        sets = self.probing.requery.strongest(self.layer, self.units, self.counts, images, FLOOR)
        return self.contest.groups.parts_of(sets, self.contest.best)

    @cached_property
    def group_concepts(self) -> Integers:
        """The best concept of each group, [n, MOST_GROUPS]; −1 beyond the last group, and for a single one."""
        concepts = np.full((len(self.units), MOST_GROUPS), -1)
        for row, parts in zip(concepts, self.parts, strict=True):
            if len(parts) > 1:
                row[: len(parts)] = parts.best
        return concepts

    @cached_property
    def redundancy(self) -> tuple[Floats, Integers]:
        """The highest cosine to another unit's strongest images, and that unit, [n] each."""
        return self.probing.redundancy.of(self.layer, self.units)

    @cached_property
    def strongest_labels(self) -> tuple[NDArray[np.object_], Floats]:
        """The name of the most enriched label and its q-value, [n] each; "" and NaN for none."""
        strongest, q_values = enrichment.strongest(self.sets, self.probing.metadata)
        return np.array([*self.probing.metadata.labels, ""], dtype=np.object_)[strongest], q_values

    @cached_property
    def shares(self) -> tuple[Floats, Floats, Floats]:
        """Shares of the most common patient, view and label, [n] each."""
        return confounds.shares(self.sets, self.probing.metadata)
