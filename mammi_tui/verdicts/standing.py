"""What stands: takes the lines of a log one after the other, and keeps each reader's judgement of each neuron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mammi_tui.verdicts.lines import Line


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reader says about one neuron: the line that gave each part, or None where nothing stands."""

    verdict: Line | None = None
    label: Line | None = None
    note: Line | None = None
    concepts: Mapping[str, Line] = field(default_factory=dict)
    """The line that marks a concept right or wrong, by the concept"""

    def __bool__(self) -> bool:
        return bool(self.verdict or self.label or self.note or self.concepts)

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*filter(None, (self.verdict, self.label, self.note)), *self.concepts.values())


@dataclass(slots=True)
class _Steps:
    """What one reader can undo and redo."""

    done: list[Line] = field(default_factory=list)
    """The lines that stand or were followed by others, the last at the end"""
    undone: list[Line] = field(default_factory=list)
    """Those that can be done again, the next at the end"""


class Standing:
    """What stands after the lines that were added so far. A reader can undo own lines only."""

    def __init__(self, run: str = "") -> None:
        """`run` is the content hash of the run that is looked at: a verdict given in it stands, whatever the order,
        before one that is carried over from another content. With "" the last verdict stands."""
        self.judgements: dict[str, dict[str, Judgement]] = {}
        """By reader, then by neuron (`layer:unit`); the last that has changed comes last"""
        self.settled: dict[str, Line] = {}
        """The line that settled a difference between readers, by neuron"""
        self._run = run
        self._acts: dict[str, Line] = {}
        """All lines but undo and redo, by identity"""
        self._undone: set[str] = set()
        """The identities of the lines that are undone and not done again"""
        self._of_neuron: dict[str, list[Line]] = {}
        """The acts of all readers on a neuron, in their order"""
        self._steps: dict[str, _Steps] = {}
        """By reader"""

    def add(self, line: Line) -> None:
        """Takes the next line of the log. A line that is there already, such as an imported one, is left out."""
        steps = self._steps.setdefault(line.reader, _Steps())
        of = line.deed.of
        if of is None:
            if line.identity in self._acts:
                return
            self._acts[line.identity] = line
            self._of_neuron.setdefault(line.neuron, []).append(line)
            steps.done.append(line)
            steps.undone.clear()
            self._judge(line)
            return
        target = self._acts.get(of)
        if target is None or target.reader != line.reader:
            return
        if line.deed.act == "undo" and of not in self._undone:
            self._undone.add(of)
            _move(target, steps.done, steps.undone)
        elif line.deed.act == "redo" and of in self._undone:
            self._undone.discard(of)
            _move(target, steps.undone, steps.done)
        self._judge(target)

    def _judge(self, changed: Line) -> None:
        """Replays the acts on a neuron of which one has come, or was undone or done again."""
        neuron, reader = changed.neuron, changed.reader
        acts = [line for line in self._of_neuron[neuron] if line.identity not in self._undone]
        if changed.deed.act == "settle":
            self.settled.pop(neuron, None)
            last = next((line for line in reversed(acts) if line.deed.act == "settle"), None)
            if last and last.deed.verdict != "clear":
                self.settled[neuron] = last
            return
        of_reader = self.judgements.setdefault(reader, {})
        of_reader.pop(neuron, None)
        if judgement := _judgement([line for line in acts if line.reader == reader], self._run):
            of_reader[neuron] = judgement

    def undoable(self, reader: str) -> Line | None:
        """The reader's last line that is not undone; None if there is none."""
        steps = self._steps.get(reader)
        return steps.done[-1] if steps and steps.done else None

    def redoable(self, reader: str) -> Line | None:
        """The line that the reader undid last, if nothing was done since; else None."""
        steps = self._steps.get(reader)
        return steps.undone[-1] if steps and steps.undone else None

    def lines(self) -> set[str]:
        """The identities of the lines that stand."""
        found = {line.identity for line in self.settled.values()}
        for judgements in self.judgements.values():
            for each in judgements.values():
                found |= {line.identity for line in each.lines}
        return found


def standing(lines: Iterable[Line], run: str = "") -> Standing:
    """What stands after some lines. `run` as in Standing."""
    found = Standing(run)
    for line in lines:
        found.add(line)
    return found


def _judgement(lines: Iterable[Line], run: str) -> Judgement:
    """What a reader's lines on a neuron amount to."""
    verdict = own = label = note = None
    concepts: dict[str, Line] = {}
    for line in lines:
        deed = line.deed
        match deed.act:
            case "verdict":
                verdict = line
                own = line if line.run == run else own
            case "label":
                label = line if deed.text else None
            case "note":
                note = line if deed.text else None
            case "concept":
                concepts.pop(deed.concept or "", None)
                if deed.mark != "clear":
                    concepts[deed.concept or ""] = line
    verdict = own or verdict
    if verdict and verdict.deed.verdict == "clear":
        verdict = None
    return Judgement(verdict, label, note, concepts)


def _move(line: Line, start: list[Line], goal: list[Line]) -> None:
    """Moves a line, which is the last in nearly all cases, from one list to the end of another."""
    for place in range(len(start) - 1, -1, -1):
        if start[place].identity == line.identity:
            goal.append(start.pop(place))
            return
