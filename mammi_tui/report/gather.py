"""Gathers a report from a run and its verdict log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.annotation.cuts import Cuts
from engine.decisions.audit.live import Audit
from engine.decisions.checkup.base import Material
from engine.decisions.checkup.checks import CHECKS
from engine.decisions.importance import matters_by_layer
from engine.decisions.outputs import Outcomes
from engine.evidence.live import Evidence
from engine.names import find_concept_set
from engine.progress import Progress
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.handing_on.card import Card
from mammi_tui.handing_on.cards import Cards
from mammi_tui.handing_on.identifiers import Identifiers
from mammi_tui.handing_on.phrases import day
from mammi_tui.neurons.order import BY_UNIT, Order
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.neurons.triage import take_up
from mammi_tui.report.agreement import agreement_facts
from mammi_tui.report.contents import Counted, Report
from mammi_tui.report.model_card import facts, limits
from mammi_tui.report.shortcuts import shortcuts
from mammi_tui.text import count
from mammi_tui.verdicts.log import VerdictLog


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is about."""

    cuts: Cuts
    query: str = ""
    """A filter of the neurons pane; "" for none"""
    every: bool = False
    """All living neurons, not only those that a reader has judged. A filter looks among all in any case"""
    order: Order = BY_UNIT
    """Within each layer"""
    films: int = 8
    """Films of a card, at most"""
    identifiers: bool = True
    free_texts: bool = True


class Gathering:
    """One report. Its cards are made as they are read."""

    def __init__(self, reader: RunReader, log: VerdictLog, wanted: Wanted, warnings: Sequence[str]) -> None:
        """`warnings` are what was warned of while the run was made, and later. Raises MammiError as the log does, and
        for an unknown concept set."""
        if wanted.cuts.concept_set is not None:
            find_concept_set(wanted.cuts.concept_set, reader.concept_sets)
        self._reader, self._wanted, self._warnings = reader, wanted, warnings
        self._requery = Requery(reader)
        self._evidence = Evidence(reader, self._requery)
        self._rows = NeuronRows(reader.layers, reader.concepts)
        self._own = log.reader.name
        self._file = log.read()
        self._rows.shows_others = True
        take_up(log, self._rows)
        self._ask_layers()
        self.neurons = list(self._chosen())
        self._identifiers = self._policy()

    def _ask_layers(self) -> None:
        rows, wanted = self._rows, self._wanted
        rows.query, rows.order = wanted.query, wanted.order
        for layer in rows.layers:
            rows.answers[layer.position] = self._requery.layer(layer.name, wanted.cuts)
            rows.findings[layer.position] = self._reader.findings(layer.name)
            if rows.filter.needs_traits:
                self._evidence.traits_of(layer, look=True)
            if rows.needs_evidence:
                rows.evidence[layer.position] = self._evidence.layer(layer.name, wanted.cuts)
        if rows.needs_matters:
            rows.matters = matters_by_layer(self._reader, "")
        if rows.filter.term and (needed := rows.filter.term.needs_checks):
            material = Material(self._reader, self._requery, self._evidence, wanted.cuts)
            for check in CHECKS:
                if check.name in needed:
                    rows.note_check(check.name, check.look(material).neurons)
        rows.rebuild()

    def _chosen(self) -> Iterator[Neuron]:
        """The neurons of the report, in its order."""
        rows = self._rows
        for layer, units in enumerate(rows.matches):
            for unit in units.tolist():
                neuron = Neuron(layer, unit)
                if self._judged(neuron) or ((self._wanted.query or self._wanted.every) and not rows.is_dead(neuron)):
                    yield neuron

    def _judged(self, neuron: Neuron) -> bool:
        rows = self._rows
        return any(neuron in said for said in (rows.judgements, *rows.others.values())) or neuron in rows.settled

    def _policy(self) -> Identifiers:
        """What is shown of identifiers. The readers are in the order of their first lines."""
        reader, wanted = self._reader, self._wanted
        classes = (name for layer in reader.layers for name in layer.unit_names)
        words = {*reader.concepts, *reader.label_table()[0], *classes}
        readers = list(dict.fromkeys(line.reader for line in self._file.lines))
        return Identifiers(wanted.identifiers, wanted.free_texts, words, readers)

    def report(self, progress: Progress) -> Report:
        """The report. Reading its cards is what takes long."""
        reader, wanted, shown = self._reader, self._wanted, self._wanted.identifiers
        return Report(
            title=f"Triage of {reader.path.name}" if shown else "Triage of a run",
            facts=list(facts(reader, wanted.cuts, self._file, shown)),
            limits=[*limits(reader, self._warnings, shown), *self._altered()],
            chosen=self._said_chosen(),
            left_out=[*self._identifiers.left_out(), *self._damaged()],
            counts=list(self._counts()),
            agreement=list(agreement_facts(self._rows)),
            shortcuts=list(shortcuts(Audit(reader, Outcomes.of(reader), self._evidence.finder), shown)),
            cards=self._cards(progress),
        )

    def _cards(self, progress: Progress) -> Iterator[Card]:
        cards = Cards(self._reader, self._requery, self._evidence, self._rows, self._own, self._identifiers)
        progress.stage("neurons", len(self.neurons))
        for neuron in self.neurons:
            yield cards.card(neuron, self._wanted.cuts, self._wanted.films)
            progress.advance(1)

    def _said_chosen(self) -> str:
        wanted = self._wanted
        found = count(len(self.neurons), "living neuron" if wanted.every else "neuron")
        if wanted.query:
            found += f" found by the filter “{wanted.query}”" if wanted.identifiers else " found by a filter"
        elif not wanted.every:
            found += " judged by a reader"
        made = datetime.now(UTC)
        return f"{found}, by layer and {wanted.order.name}. Made on {day(made.isoformat())}."

    def _damaged(self) -> Iterator[str]:
        file = self._file
        if file.other_runs:
            yield f"{count(file.other_runs, 'line')} of the verdict log on an earlier version of this run."
        if file.damaged:
            yield f"{count(file.damaged, 'damaged line')} of the verdict log."

    def _altered(self) -> Iterator[str]:
        if altered := self._file.altered:
            yield f"{count(altered, 'line')} of the verdict log {'is' if altered == 1 else 'are'} not as written."

    def _counts(self) -> Iterator[Counted]:
        rows = self._rows
        said = {**rows.others, self._own: rows.judgements}
        for layer in rows.layers:
            for reader in sorted(said):
                verdicts = [
                    judgement.verdict
                    for neuron, judgement in said[reader].items()
                    if neuron.layer == layer.position and judgement.verdict and not rows.is_dead(neuron)
                ]
                here = [line.verdict for line in verdicts if line.run == rows.run]
                if verdicts:
                    yield Counted(
                        *(layer.name, self._identifiers.reader(reader)),
                        *(here.count("accept"), here.count("reject"), here.count("unsure")),
                        len(verdicts) - len(here),
                        layer.units - rows.dead_count(layer.position),
                    )
