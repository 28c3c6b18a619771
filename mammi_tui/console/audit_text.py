"""The audit of a run as lines of at most 80 cells."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.auditing.layers import LayerTraits
from engine.auditing.wording import follows
from engine.decisions.audit.classes import ClassTrait
from engine.decisions.audit.groups import GroupFigures, Rate
from engine.decisions.audit.live import Audit
from engine.decisions.audit.wording import NOT_LOOKED_AT, reads
from engine.store.reader import RunReader
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count, fit, number, probability

WIDTH = 80
_SHOWN = 12
"""Rows of the table of classes where none is asked for"""
_CLASS, _TRAIT, _CELL = 15, 19, 7
_UNITS = 3
"""Neurons that are named for an attribute in a layer"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The classes and traits that are shown, by number; all where none is named."""

    classes: frozenset[int] = frozenset()
    traits: frozenset[int] = frozenset()

    def has(self, number: int, trait: int) -> bool:
        return (not self.classes or number in self.classes) and (not self.traits or trait in self.traits)

    @property
    def some(self) -> bool:
        return bool(self.classes or self.traits)


def lines(audit: Audit, reader: RunReader, chosen: Chosen) -> Iterator[str]:
    """Outputs, then neurons, then what is not looked at."""
    patients = len(reader.coded("patient")[0])
    of = f" of {count(patients, 'patient')}" if patients else ""
    head = f"{reader.path.name}   {count(reader.image_count, 'image')}{of}   target {reader.info.target}"
    yield fit(clean(head), WIDTH).rstrip()
    if audit.traits.found:
        yield ""
        yield from _outputs(audit, reader, chosen)
        yield from _neurons(audit, chosen)
    yield ""
    yield "Not looked at"
    for text in (*audit.unknown(), *NOT_LOOKED_AT):
        yield from _wrapped(text, "- ")


def _outputs(audit: Audit, reader: RunReader, chosen: Chosen) -> Iterator[str]:
    found = [each for each in audit.classes() if chosen.has(each.number, each.trait)]
    judged = [each for each in found if each.judged]
    if not found:
        return
    reading = sorted((each for each in judged if each.reads), key=lambda each: -each.size)
    yield f"Outputs that read an attribute: {len(reading)} of {count(len(judged), 'pair')} of output and attribute"
    for each in reading:
        yield from _wrapped(reads(each, audit, audit.carriers(each)), "! ")
    yield ""
    shown = sorted(judged, key=lambda each: (not each.reads, -each.size))
    shown = shown if chosen.some else shown[:_SHOWN]
    yield from _table(shown, audit, reader)
    if len(shown) < len(judged):
        yield f"  and {len(judged) - len(shown):,} more: --class, --attribute, --json, or mammi export --what audit"
    if chosen.some:
        yield from _groups(judged, reader)


def _table(found: list[ClassTrait], audit: Audit, reader: RunReader) -> Iterator[str]:
    """A class's own films with and without a trait; the other films with and without it; and A."""
    classes = ShortNames(reader.classes)
    traits = ShortNames(trait.name for trait in audit.traits.found)
    blank = " " * (2 + _CLASS + _TRAIT)
    yield blank + fit("own films", 3 * _CELL, right=True) + fit("other films", 2 * _CELL, right=True)
    heads = ("with", "without", "q", "with", "without", "alike")
    yield (blank + "".join(fit(head, _CELL if head != "without" else _CELL + 1, right=True) for head in heads))[:WIDTH]
    for each in found:
        cells = [
            (number(each.own.having.value, 2), _CELL),
            (number(each.own.lacking.value, 2), _CELL + 1),
            (probability(each.own_q), _CELL),
            (number(each.others.having.value, 2), _CELL),
            (number(each.others.lacking.value, 2), _CELL + 1),
            (number(each.area, 2), _CELL),
        ]
        names = classes.fit(classes[each.number], _CLASS - 1) + " " + traits.fit(traits[each.trait], _TRAIT - 1) + " "
        yield ("! " if each.reads else "  ") + names + "".join(fit(text, cell, right=True) for text, cell in cells)
    yield from _wrapped(
        "AUROC of the class for its own films with the attribute and without it, against all other films (q of the "
        "difference, corrected), and for the other films with it and without it, against its own films. alike: of two "
        "films with the same findings and view, one with the attribute, the chance that it has the higher output."
    )


def _groups(found: list[ClassTrait], reader: RunReader) -> Iterator[str]:
    yield ""
    heads = (("films", 9), ("AUROC", 6), ("sensitivity", 15), ("specificity", 15))
    yield fit("By group", 1 + _CLASS + _TRAIT) + "".join(fit(head, cells, right=True) for head, cells in heads)
    classes = ShortNames(reader.classes)
    names = ShortNames(group.group for each in found for group in each.groups)
    for each in found:
        for group in each.groups:
            head = (
                "  " + classes.fit(classes[each.number], _CLASS - 1) + " " + names.fit(clean(group.group), _TRAIT - 1)
            )
            yield head + _group(group)
    yield from _wrapped(
        "films: with the class, and all. Sensitivity and specificity at the run's threshold, with 95 % intervals over "
        "patients."
    )


def _group(group: GroupFigures) -> str:
    return (
        fit(f"{group.labelled:,}/{group.films:,}", 9, right=True)
        + fit(number(group.area.value, 2), 6, right=True)
        + fit(_rate(group.sensitivity), 15, right=True)
        + fit(_rate(group.specificity), 15, right=True)
    )


def _rate(rate: Rate) -> str:
    return "–" if rate.low != rate.low else f"{rate.value:.2f} {rate.low:.2f}–{rate.high:.2f}"


def _neurons(audit: Audit, chosen: Chosen) -> Iterator[str]:
    for of_layer in audit.layers():
        yield ""
        layer = of_layer.layer
        yield fit(f"Neurons of {clean(layer.name)}: {layer.units:,}", WIDTH).rstrip()
        for place, trait in enumerate(audit.traits.found):
            if not chosen.traits or place in chosen.traits:
                yield from _of_trait(of_layer, place, clean(trait.name), audit)


def _of_trait(of_layer: LayerTraits, place: int, name: str, audit: Audit) -> Iterator[str]:
    following, rather = of_layer.follows[:, place], of_layer.rather[:, place]
    if np.isnan(of_layer.areas[:, place]).all():
        yield from _wrapped(f"{name}: too few films with the same {of_layer.held_equal[place]}", "  ")
        return
    more = "" if of_layer.no_findings else f", {int(rather.sum()):,} of them more than any finding"
    yield from _wrapped(f"{name}: {int(following.sum()):,} follow it{more}", "  ")
    strength = np.where(rather, np.abs(of_layer.areas[:, place] - 0.5), -1.0)
    for unit in np.argsort(-strength, kind="stable")[:_UNITS].tolist():
        if rather[unit]:
            said = follows(of_layer, unit, place, audit.finder.strata.labels)
            yield from _wrapped(f"{of_layer.layer.name}:{unit} {said}", "    ")


def _wrapped(text: str, start: str = "  ") -> Iterator[str]:
    indent = " " * len(start)
    yield from textwrap.wrap(
        clean(text, 2000), WIDTH, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False
    )
