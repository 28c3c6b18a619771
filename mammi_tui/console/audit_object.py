"""The audit of a run as JSON types, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.decisions.audit.wording import NOT_LOOKED_AT
from engine.evidence.written import number_or_none

if TYPE_CHECKING:
    from engine.auditing.layers import LayerTraits
    from engine.decisions.audit.classes import ClassTrait
    from engine.decisions.audit.gaps import Gap
    from engine.decisions.audit.groups import GroupFigures, Rate
    from engine.decisions.audit.live import Audit
    from engine.decisions.discrimination import Area
    from engine.store.reader import RunReader
    from mammi_tui.console.audit_text import Chosen


def as_object(audit: Audit, reader: RunReader, chosen: Chosen) -> dict[str, Any]:
    """The whole audit, or what is chosen of it; null for what has too few films."""
    traits = audit.traits.found
    return {
        "run": str(reader.path),
        "images": reader.image_count,
        "traits": [
            {"attribute": each.attribute, "value": each.value, "films": each.films[0], "others": each.films[1]}
            for place, each in enumerate(traits)
            if not chosen.traits or place in chosen.traits
        ],
        "classes": [_class(each, audit, reader) for each in audit.classes() if chosen.has(each.number, each.trait)],
        "units": [unit for layer in audit.layers() for unit in _units(layer, audit, chosen)] if traits else [],
        "not_looked_at": [*audit.unknown(), *NOT_LOOKED_AT],
    }


def _class(found: ClassTrait, audit: Audit, reader: RunReader) -> dict[str, Any]:
    return {
        "class": reader.classes[found.number],
        "trait": audit.traits.found[found.trait].name,
        "reads": {1: "yes", -1: "lowered by it", 0: "no" if found.judged else None}[found.reads],
        "films": dict(zip(("own_with", "own_without", "others_with", "others_without"), found.counts, strict=True)),
        "own": _gap(found.own, found.own_q),
        "others": _gap(found.others, found.others_q),
        "alike": {
            "auroc": number_or_none(found.area),
            "interval": [number_or_none(found.low), number_or_none(found.high)],
            "p": number_or_none(found.area_p),
            "q": number_or_none(found.area_q),
        },
        "groups": [_group(each) for each in found.groups],
        "carried_by": [
            {"neuron": f"{each.layer}:{each.unit}", "auroc": each.area, "importance": each.share}
            for each in (audit.carriers(found) if found.reads else ())
        ],
    }


def _gap(gap: Gap, q: float) -> dict[str, Any]:
    return {
        "with": _area(gap.having),
        "without": _area(gap.lacking),
        "difference": number_or_none(gap.difference),
        "interval": [number_or_none(gap.low), number_or_none(gap.high)],
        "p": number_or_none(gap.p_value),
        "q": number_or_none(q),
    }


def _area(area: Area) -> dict[str, Any]:
    return {
        "auroc": number_or_none(area.value),
        "interval": [number_or_none(area.low), number_or_none(area.high)],
    }


def _group(group: GroupFigures) -> dict[str, Any]:
    return {
        "group": group.group,
        "films": group.films,
        "labelled": group.labelled,
        **_area(group.area),
        "sensitivity": _rate(group.sensitivity),
        "specificity": _rate(group.specificity),
        "calibration": number_or_none(group.calibration),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {"value": number_or_none(rate.value), "interval": [number_or_none(rate.low), number_or_none(rate.high)]}


def _units(of_layer: LayerTraits, audit: Audit, chosen: Chosen) -> Iterator[dict[str, Any]]:
    """The units that follow a trait."""
    for unit, place in zip(*of_layer.follows.nonzero(), strict=True):
        if chosen.traits and place not in chosen.traits:
            continue
        own = int(of_layer.own[unit])
        yield {
            "neuron": f"{of_layer.layer.name}:{unit}",
            "trait": audit.traits.found[place].name,
            "auroc": float(of_layer.areas[unit, place]),
            "interval": [number_or_none(of_layer.lows[unit, place]), number_or_none(of_layer.highs[unit, place])],
            "q": float(of_layer.q_values[unit, place]),
            "finding": None if own < 0 else audit.finder.strata.labels[own],
            "finding_auroc": number_or_none(of_layer.finding_areas[unit]),
            "finding_auroc_alike": number_or_none(of_layer.finding_within[unit, place]),
            "within_finding": number_or_none(of_layer.with_finding[unit, place]),
            "without_finding": number_or_none(of_layer.without_finding[unit, place]),
            "rather_than_finding": bool(of_layer.rather[unit, place]),
        }
