"""How far readers agree, and where they differ, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mammi_tui.console.text_table import table
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, count
from mammi_tui.verdicts.agreement import Agreement
from mammi_tui.verdicts.comparison import Compared, agreement_on
from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.standing import Judgement

WORDS = 60
"""Characters of the words judged, in the table"""
READER = 20
"""Cells of a reader's name, there"""


@dataclass(frozen=True, slots=True)
class Readings:
    """What the chosen readers say about a run."""

    readers: tuple[str, ...]
    layers: Mapping[str, Sequence[str]]
    """The neurons (`layer:unit`) that a reader has judged, in order, by layer"""
    neurons: Mapping[str, Compared]
    judgements: Mapping[str, Mapping[str, Judgement]]
    """By reader, then by neuron"""
    run: str
    """The run's content hash"""

    def of_layer(self, layer: str) -> Agreement:
        return agreement_on(self.readers, [self.neurons[name] for name in self.layers[layer]])

    def overall(self) -> Agreement:
        return agreement_on(self.readers, self.neurons.values())

    def differing(self) -> Iterator[tuple[str, Compared]]:
        """The neurons on which readers differ, in order."""
        for names in self.layers.values():
            yield from ((name, self.neurons[name]) for name in names if self.neurons[name].differs)

    def apart(self) -> list[str]:
        """The neurons on which verdicts are about other words than those compared, in order."""
        return [name for names in self.layers.values() for name in names if self.neurons[name].apart]

    def compared_lines(self) -> Iterator[Line]:
        """The verdicts that κ counts."""
        for each in self.neurons.values():
            if len(each.verdicts) > 1:
                yield from each.verdicts.values()

    def notes(self, neuron: str) -> Iterator[tuple[str, str]]:
        """Readers and their notes on a neuron."""
        for reader in self.readers:
            judgement = self.judgements[reader].get(neuron)
            if judgement and judgement.note:
                yield reader, judgement.note.deed.text or ""


def as_object(found: Readings) -> dict[str, Any]:
    """The object that `mammi agree --json` prints."""
    return {
        "readers": list(found.readers),
        "overall": _agreement(found.overall()),
        "layers": [{"layer": layer, **_agreement(found.of_layer(layer))} for layer in found.layers],
        "differences": [_difference(found, name, each) for name, each in found.differing()],
        "judged_on_other_words": found.apart(),
        "carried_over": sum(line.run != found.run for line in found.compared_lines()),
        "others_shown": sum(line.seen.others_shown for line in found.compared_lines()),
    }


def _agreement(found: Agreement) -> dict[str, Any]:
    return {
        "method": found.name,
        "neurons": found.neurons,
        "differ": found.differ,
        "kappa": found.kappa,
        "interval": list(found.interval) if found.interval else None,
        "lacks": found.lacks or None,
    }


def _difference(found: Readings, neuron: str, each: Compared) -> dict[str, Any]:
    notes = dict(found.notes(neuron))
    return {
        "neuron": neuron,
        "words": list(each.words),
        "verdicts": {reader: _verdict(found, line, notes.get(reader)) for reader, line in each.verdicts.items()},
        "settled": None
        if each.settled is None
        else {"verdict": each.settled.verdict, "by": each.settled.reader, "time": each.settled.time},
    }


def _verdict(found: Readings, line: Line, note: str | None) -> dict[str, Any]:
    return {
        "verdict": line.verdict,
        **line.seen.cuts.as_fields(),
        "role": line.role,
        "time": line.time,
        "note": note,
        "carried_over": line.run != found.run,
        "others_shown": line.seen.others_shown,
    }


def lines(found: Readings) -> Iterator[str]:
    """The lines that `mammi agree` prints."""
    overall = found.overall()
    yield from table(("layer", "neurons", "differ", "κ", "95 % interval"), list(_rows(found, overall)))
    yield ""
    yield from _remarks(found, overall)
    differing = list(found.differing())
    if differing:
        yield ""
        names = ShortNames(overall.readers)
        head = ("differ on", *names.within(READER), "settled", "words judged", "notes")
        yield from table(head, [_difference_row(found, names, name, each) for name, each in differing])


def _rows(found: Readings, overall: Agreement) -> Iterator[tuple[str, ...]]:
    for name, each in (*((clean(layer), found.of_layer(layer)) for layer in found.layers), ("all layers", overall)):
        kappa, _, interval = each.kappa_text.removeprefix("κ ").partition(" ")
        rough = " *" if each.is_rough else ""
        yield name, f"{each.neurons:,}", f"{each.differ:,}", kappa, interval.strip("()") + rough


def _remarks(found: Readings, overall: Agreement) -> Iterator[str]:
    of = ", ".join(clean(reader, 60) for reader in found.readers) or "nobody"
    yield f"{overall.name} of {of}. It counts neurons that two readers or more have judged on the same words."
    if overall.lacks:
        yield f"No {'interval' if overall.kappa is not None else 'κ'} over all layers: {overall.lacks}."
    if overall.is_rough or any(found.of_layer(layer).is_rough for layer in found.layers):
        yield "* rough: the interval is that of large samples, and rests on fewer than 30 neurons."
    if apart := found.apart():
        yield f"Left out: verdicts on other words, of {count(len(apart), 'neuron')} ({_some(apart)})."
    counted = list(found.compared_lines())
    if carried := sum(line.run != found.run for line in counted):
        yield f"{count(carried, 'verdict')} of {len(counted):,} carried over from another content of this run."
    if shown := sum(line.seen.others_shown for line in counted):
        yield f"{count(shown, 'verdict')} of {len(counted):,} given while other readers' verdicts were on screen."


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(clean, names[:5])) + (", …" if len(names) > 5 else "")


def _difference_row(found: Readings, readers: ShortNames, name: str, each: Compared) -> tuple[str, ...]:
    def short(reader: str) -> str:
        return readers.fit(clean(reader), READER).rstrip()

    settled = f"{each.settled.verdict} by {short(each.settled.reader)}" if each.settled else ""
    verdicts = (each.verdicts.get(reader) for reader in found.readers)
    notes = "; ".join(f"{short(reader)}: {clean(note)}" for reader, note in found.notes(name))
    return (
        clean(name),
        *(str(line.verdict) if line else "–" for line in verdicts),
        settled,
        clean(", ".join(each.words), WORDS),
        notes,
    )
