"""What readers say about the neurons of a run: taken up from the log, and added to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.errors import MammiError
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.verdicts.comparison import Compared, agreement_on, compared
from mammi_tui.verdicts.lines import Deed, Line, Seen, Verdict
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.verdicts.places import place_of
from mammi_tui.verdicts.standing import Judgement


def take_up(log: VerdictLog, rows: NeuronRows) -> None:
    """Copies what stands in the log to `rows`, without what is about neurons that the run lacks.

    What other readers say, and what was settled with them, only where `rows.shows_others`: until then nothing in the
    explorer can tell it. Raises MammiError if the log cannot be read.
    """
    log.read()
    found, own = log.standing, log.reader.name
    rows.run, rows.reader = log.run, own
    rows.judgements = _by_neuron(rows, found.judgements.get(own, {}))
    rows.others, rows.settled, rows.compared, rows.agreement = {}, {}, {}, None
    if not rows.shows_others:
        return
    by_reader = {reader: _by_neuron(rows, judgements) for reader, judgements in found.judgements.items()}
    rows.others = {reader: judgements for reader, judgements in by_reader.items() if judgements and reader != own}
    rows.settled = {neuron: line for name, line in found.settled.items() if (neuron := neuron_of(rows, name))}
    if rows.others:
        rows.saw_others = True
        said = {own: rows.judgements, **dict(sorted(rows.others.items()))}
        rows.compared = compared(said, rows.settled)
        rows.agreement = agreement_on(said, rows.compared.values())


def _by_neuron(rows: NeuronRows, judgements: Mapping[str, Judgement]) -> dict[Neuron, Judgement]:
    return {neuron: each for name, each in judgements.items() if (neuron := neuron_of(rows, name))}


def neuron_of(rows: NeuronRows, name: str) -> Neuron | None:
    """The neuron with the name `layer:unit`; None if the run has none."""
    found = place_of(rows.layers, name)
    return Neuron(found[0].position, found[1]) if found else None


class NothingToJudge(MammiError):
    """A verdict on a neuron that has no annotation. Nothing is lost."""


def add(log: VerdictLog, rows: NeuronRows, neuron: Neuron, deed: Deed, seen: Seen) -> Line:
    """Adds a reader's act to the log and takes up what stands then.

    Raises NothingToJudge on a verdict on a dead unit, and MammiError if the log cannot be written.
    """
    name = rows.name_of(neuron)
    if deed.act in ("verdict", "settle") and rows.is_dead(neuron):
        raise NothingToJudge(f"{name} is a dead unit: there is no annotation to judge")
    line = log.append(name, deed, replace(seen, others_shown=rows.saw_others))
    take_up(log, rows)
    return line


def add_settlement(log: VerdictLog, rows: NeuronRows, neuron: Neuron, found: Compared, verdict: Verdict) -> Line:
    """Settles the difference between readers about a neuron: by a verdict on the annotation that they judged.

    Raises as `add` does.
    """
    seen = next(iter(found.verdicts.values())).seen
    return add(log, rows, neuron, Deed("settle", verdict=verdict, settles=tuple(found.verdicts)), seen)
