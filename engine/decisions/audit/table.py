"""The audit as rows of a long table: a figure of a class or a unit for one trait in each row."""

from __future__ import annotations

from collections.abc import Iterator

from engine.auditing.layers import LayerTraits
from engine.decisions.audit.classes import ClassTrait
from engine.decisions.audit.gaps import Gap
from engine.decisions.audit.groups import GroupFigures
from engine.decisions.audit.live import Audit
from engine.decisions.discrimination import Area
from engine.evidence.written import number_or_none
from engine.store.reader import RunReader

COLUMNS = {
    "about": "VARCHAR",
    "class": "VARCHAR",
    "layer": "VARCHAR",
    "unit": "INTEGER",
    "attribute": "VARCHAR",
    "value": "VARCHAR",
    "figure": "VARCHAR",
    "number": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "p_value": "DOUBLE",
    "q_value": "DOUBLE",
    "films": "INTEGER",
    "flagged": "BOOLEAN",
}
"""`about` is "output", "group" or "unit"; `films` are those that the figure is of, where that is not all of them;
`flagged` says that the output reads the trait, or that the unit follows it more than any finding"""
Figure = tuple[str, float, float, float, float, float, int | None]
_NAN = float("nan")


def rows(audit: Audit, reader: RunReader) -> Iterator[tuple[object, ...]]:
    """In the order of COLUMNS."""
    for found in audit.classes():
        trait, name = audit.traits.found[found.trait], reader.classes[found.number]
        of_trait = (name, None, None, trait.attribute)
        yield from (_row("output", (*of_trait, trait.value), each, bool(found.reads)) for each in _of_class(found))
        for place, group in enumerate(found.groups):
            value = (trait.opposite or f"not {trait.value}") if place else trait.value
            yield from (_row("group", (*of_trait, value), each, None) for each in _of_group(group))
    for of_layer in audit.layers():
        for place, trait in enumerate(audit.traits.found):
            for unit in range(of_layer.layer.units):
                own = int(of_layer.own[unit])
                label = None if own < 0 else audit.finder.strata.labels[own]
                subject = (label, of_layer.layer.name, unit, trait.attribute, trait.value)
                flagged = bool(of_layer.rather[unit, place])
                yield from (_row("unit", subject, each, flagged) for each in _of_unit(of_layer, unit, place))


def _row(about: str, subject: tuple[object, ...], figure: Figure, flagged: bool | None) -> tuple[object, ...]:
    name, *numbers, films = figure
    return (about, *subject, name, *map(number_or_none, numbers), films, flagged)


def _of_class(found: ClassTrait) -> Iterator[Figure]:
    for name, gap, q, films in (("own", found.own, found.own_q, 0), ("others", found.others, found.others_q, 2)):
        yield _area(f"AUROC of {name} with", gap.having, found.counts[films])
        yield _area(f"AUROC of {name} without", gap.lacking, found.counts[films + 1])
        yield _difference(f"difference of {name}", gap, q)
    yield "AUROC of the trait among films alike", found.area, found.low, found.high, found.area_p, found.area_q, None


def _of_group(group: GroupFigures) -> Iterator[Figure]:
    yield _area("AUROC", group.area, group.films)
    for name, rate in (("sensitivity", group.sensitivity), ("specificity", group.specificity)):
        yield name, rate.value, rate.low, rate.high, _NAN, _NAN, rate.films
    yield "mean probability less labelled share", group.calibration, _NAN, _NAN, _NAN, _NAN, group.films


def _of_unit(of_layer: LayerTraits, unit: int, place: int) -> Iterator[Figure]:
    figures = (of_layer.areas, of_layer.lows, of_layer.highs, of_layer.p_values, of_layer.q_values)
    area, low, high, p, q = (float(each[unit, place]) for each in figures)
    yield "AUROC of the trait among films alike", area, low, high, p, q, None
    yield _alone("AUROC of the trait within the finding", float(of_layer.with_finding[unit, place]))
    yield _alone("AUROC of the trait without the finding", float(of_layer.without_finding[unit, place]))
    yield _alone("AUROC of the finding", float(of_layer.finding_areas[unit]))
    yield _alone("AUROC of the finding among films alike in the trait", float(of_layer.finding_within[unit, place]))


def _area(name: str, area: Area, films: int) -> Figure:
    return name, area.value, area.low, area.high, _NAN, _NAN, films


def _difference(name: str, gap: Gap, q: float) -> Figure:
    return name, gap.difference, gap.low, gap.high, gap.p_value, q, None


def _alone(name: str, number: float) -> Figure:
    return name, number, _NAN, _NAN, _NAN, _NAN, None
