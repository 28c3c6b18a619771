"""Merges another log's lines into one: each act once, and only acts on neurons of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mammi_tui.verdicts.act_order import when
from mammi_tui.verdicts.incoming import Incoming
from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.log import VerdictLog

_SLOW_CLOCK = timedelta(days=1)
"""How far a line may lie in the future: clocks differ"""


@dataclass(slots=True)
class Merged:
    """What an import did."""

    added: list[Line] = field(default_factory=list)
    known: int = 0
    """Lines that the log had already, or that stand in the file twice"""
    unsealed: int = 0
    """Lines added that had no hash of their own"""
    unfit: list[Incoming] = field(default_factory=list)
    """Lines that were left out, with the reason"""


def merge(log: VerdictLog, incoming: Iterable[Incoming], lacks: Callable[[str], bool]) -> Merged:
    """Adds those lines of another log that fit, all or none, after the log's own.

    `lacks` says whether the run has no neuron of that name. Raises MammiError if the log cannot be written.
    """
    found = Merged()

    def choose() -> list[Line]:
        known = [entry.line for entry in log.known if entry.line]
        acts = {line.identity: line.reader for line in known}
        contents = set(map(_content, known))
        for each in sorted(incoming, key=_when_done):
            line = each.line
            if line is None:
                found.unfit.append(each)
            elif line.identity in acts or _content(line) in contents:
                found.known += 1
            elif why := _unfit(log, line, lacks, acts):
                found.unfit.append(Incoming(each.number, None, why))
            else:
                acts[line.identity] = line.reader
                contents.add(_content(line))
                found.unsealed += line.state == "unsealed"
                found.added.append(replace(line, imported=line.identity))
        found.unfit.sort(key=lambda each: each.number)
        return found.added

    found.added = log.add(choose)
    return found


def _when_done(each: Incoming) -> tuple[datetime, bool, int]:
    """Sorts acts by time, and one that is taken back before that which takes it back."""
    time = when(each.line) if each.line else None
    return time or datetime.max.replace(tzinfo=UTC), bool(each.line and each.line.deed.of), each.number


def _unfit(log: VerdictLog, line: Line, lacks: Callable[[str], bool], acts: dict[str, str]) -> str:
    """Why a line cannot be added to the log; "" if it can. `acts` are the readers of the log's acts, by identity."""
    time = when(line)
    if not log.is_ours(line):
        return "is about another run: neither its content nor its target model, layer and images are this run's"
    if lacks(line.neuron):
        return f"is about {line.neuron}, which the run does not have"
    if not line.reader.strip():
        return "has no reader"
    if time is None or time > datetime.now(UTC) + _SLOW_CLOCK:
        return "has no time, or one in the future"
    if line.deed.of is not None and acts.get(line.deed.of) != line.reader:
        return f"is to {line.deed.act} an act of {line.reader} that is in neither log"
    return ""


def _content(line: Line) -> tuple[object, ...]:
    """What makes two lines the same act, also where a line of an earlier version was written anew."""
    return line.time, line.reader, line.neuron, line.deed, line.seen.cuts, line.seen.annotation, line.run
