"""What stands: replays the lines of a log into each reader's judgement of each neuron."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mammi_tui.verdicts.lines import Line


@dataclass(slots=True)
class Judgement:
    """What one reader says about one neuron: the line that gave each part, or None where nothing stands."""

    verdict: Line | None = None
    label: Line | None = None
    note: Line | None = None
    concepts: dict[str, Line] = field(default_factory=dict)
    """The line that marks a concept right or wrong, by the concept"""

    def __bool__(self) -> bool:
        return bool(self.verdict or self.label or self.note or self.concepts)


@dataclass(slots=True)
class Standing:
    """What stands after all lines."""

    judgements: dict[str, dict[str, Judgement]] = field(default_factory=dict)
    """By reader, then by neuron (`layer:unit`), in the order of the lines"""
    settled: dict[str, Line] = field(default_factory=dict)
    """The line that settled a difference between readers, by neuron"""

    def lines(self) -> set[str]:
        """The identities of the lines that stand."""
        found = {line.identity for line in self.settled.values()}
        for judgements in self.judgements.values():
            for each in judgements.values():
                found |= {line.identity for line in (each.verdict, each.label, each.note) if line}
                found |= {line.identity for line in each.concepts.values()}
        return found


def standing(lines: Iterable[Line]) -> Standing:
    """Replays lines, in their order, without those that are undone."""
    found = Standing()
    whole = list(lines)
    undone = _undone(whole)
    for line in whole:
        if line.identity not in undone:
            _do(found, line)
    return found


def _do(found: Standing, line: Line) -> None:
    deed = line.deed
    of_reader = found.judgements.setdefault(line.reader, {})
    judgement = of_reader.pop(line.neuron, None) or Judgement()
    match deed.act:
        case "verdict":
            judgement.verdict = None if deed.verdict == "clear" else line
        case "label":
            judgement.label = line if deed.text else None
        case "note":
            judgement.note = line if deed.text else None
        case "concept":
            judgement.concepts.pop(deed.concept or "", None)
            if deed.mark != "clear":
                judgement.concepts[deed.concept or ""] = line
        case "settle":
            found.settled.pop(line.neuron, None)
            if deed.verdict != "clear":
                found.settled[line.neuron] = line
    if judgement:
        of_reader[line.neuron] = judgement


def _undone(lines: Iterable[Line]) -> set[str]:
    """The identities of the lines that are undone and not done again. A reader can undo own lines only."""
    readers: dict[str, str] = {}
    undone: set[str] = set()
    for line in lines:
        of = line.deed.of
        if of is None:
            readers[line.identity] = line.reader
        elif readers.get(of) == line.reader:
            (undone.add if line.deed.act == "undo" else undone.discard)(of)
    return undone


def undoable(lines: Iterable[Line], reader: str) -> Line | None:
    """The reader's last line that is not undone; None if there is none."""
    done, _ = _stacks(lines, reader)
    return done[-1] if done else None


def redoable(lines: Iterable[Line], reader: str) -> Line | None:
    """The line that the reader undid last, if nothing was done since; else None."""
    _, undone = _stacks(lines, reader)
    return undone[-1] if undone else None


def _stacks(lines: Iterable[Line], reader: str) -> tuple[list[Line], list[Line]]:
    """The reader's lines that stand, the last at the end, and those that can be done again, the next at the end."""
    done: list[Line] = []
    undone: list[Line] = []
    for line in lines:
        if line.reader != reader:
            continue
        act, of = line.deed.act, line.deed.of
        if act == "undo":
            undone += [each for each in done if each.identity == of]
            done = [each for each in done if each.identity != of]
        elif act == "redo":
            done += [each for each in undone if each.identity == of]
            undone = [each for each in undone if each.identity != of]
        else:
            done.append(line)
            undone = []
    return done, undone
