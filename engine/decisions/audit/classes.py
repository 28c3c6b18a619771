"""Which outputs read a trait of the film.

Three questions are asked of each class and trait. Is the class found better among its own films that have the trait
than among those that have not (`own`)? Are the other films with the trait better told from it than those without
(`others`)? And is the output higher, or lower, on films with the trait than on films of the same findings and view
without it (`area`)? An output *reads* a trait where one of the two gaps is significant, corrected over classes,
traits and both gaps, is at least LEAST_GAP, and the third question points the same way. So a trait that only goes
with more severe films, or with other findings, is no shortcut by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.annotation.rates import q_values
from engine.auditing.layers import SIGNIFICANT, TraitFinder
from engine.auditing.traits import Flags, Trait
from engine.decisions.audit.gaps import Gap, gap
from engine.decisions.audit.groups import GroupFigures, group_figures
from engine.decisions.outputs import Outcomes

LEAST_GAP = 0.05
FEWEST_LABELLED = 10
"""Films of a class that is looked at"""
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ClassTrait:
    """A class and a trait."""

    number: int
    """Of the class among the outputs"""
    trait: int
    """Among the traits of the run"""
    counts: tuple[int, int, int, int]
    """Films of the class with the trait and without it, then other films with it and without it"""
    own: Gap
    """Films of the class with the trait and without it, each against all others"""
    others: Gap
    """Other films with the trait and without it, each against all films of the class"""
    own_q: float
    others_q: float
    """Corrected over classes, traits and both gaps; NaN without a gap"""
    area: float
    """A of the trait among films of the same findings and view, all of them; NaN where those are too few"""
    low: float
    high: float
    area_p: float
    area_q: float
    """Corrected over classes and traits"""
    groups: tuple[GroupFigures, GroupFigures]
    """With the trait, and without it"""

    @property
    def judged(self) -> bool:
        """Whether there are films enough to say whether the output reads the trait."""
        return not np.isnan(self.area) and not (np.isnan(self.own.difference) and np.isnan(self.others.difference))

    @property
    def reads(self) -> int:
        """1 where the output is higher for the trait and that changes how well the class is found, −1 where it is lower
        and does, else 0."""
        way = int(np.sign(self.area - 0.5)) if self.area_p < SIGNIFICANT else 0
        for q, difference in ((self.own_q, self.own.difference), (self.others_q, -self.others.difference)):
            if way and q < SIGNIFICANT and difference * way >= LEAST_GAP:
                return way
        return 0

    @property
    def size(self) -> float:
        """The larger of the two gaps; 0 without either."""
        return float(np.nanmax([abs(self.own.difference), abs(self.others.difference), 0.0]))


def class_traits(outcomes: Outcomes, finder: TraitFinder) -> tuple[ClassTrait, ...]:
    """Every class that is a label of FEWEST_LABELLED films or more, with every trait."""
    found: list[ClassTrait] = []
    for number in np.flatnonzero(outcomes.known).tolist():
        usable = ~np.isnan(outcomes.probabilities[:, number])
        if int((outcomes.labelled[:, number] & usable).sum()) >= FEWEST_LABELLED:
            found += _of_class(outcomes, number, usable, finder)
    p = np.array([(each.own.p_value, each.others.p_value) for each in found])
    q = q_values(p.reshape(-1)).reshape(p.shape)
    areas = q_values(np.array([each.area_p for each in found]))
    return tuple(
        replace(each, own_q=float(gaps[0]), others_q=float(gaps[1]), area_q=float(area))
        for each, gaps, area in zip(found, q, areas, strict=True)
    )


def _of_class(outcomes: Outcomes, number: int, usable: Flags, finder: TraitFinder) -> Iterator[ClassTrait]:
    """A class with every trait, before q is known. Where an output is no number, films alike are not compared."""
    scores = outcomes.probabilities[:, number].astype(np.float64)
    alike = np.full((4, len(finder.traits.found)), np.nan)
    if usable.all():
        found = finder.of_values(scores, np.argsort(scores, kind="stable"))
        alike[:] = found.values, found.lows, found.highs, found.p_values
    for place, trait in enumerate(finder.traits.found):
        films = usable & trait.known
        labelled, member, predicted = outcomes.labelled[films, number], trait.members[films], outcomes.predicted[films]
        clusters, values = finder.strata.clusters[films], scores[films]

        groups = [
            group_figures(name, values[side], labelled[side], predicted[side, number], clusters[side])
            for name, side in ((trait.name, member), (_without(trait), ~member))
        ]
        area, low, high, p = alike[:, place].tolist()
        yield ClassTrait(
            number=number,
            trait=place,
            counts=_counts(labelled, member),
            own=gap(values, labelled, member, clusters),
            others=gap(-values, ~labelled, member, clusters),
            own_q=_NAN,
            others_q=_NAN,
            area=area,
            low=low,
            high=high,
            area_p=p,
            area_q=_NAN,
            groups=(groups[0], groups[1]),
        )


def _without(trait: Trait) -> str:
    return f"{trait.attribute} {trait.opposite}" if trait.opposite else f"no {trait.name}"


def _counts(labelled: Flags, member: Flags) -> tuple[int, int, int, int]:
    pairs = ((labelled, member), (labelled, ~member), (~labelled, member), (~labelled, ~member))
    first, second, third, fourth = (int((one & other).sum()) for one, other in pairs)
    return first, second, third, fourth
