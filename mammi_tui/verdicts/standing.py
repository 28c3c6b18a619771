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
    """What one reader can undo and redo: lines by identity."""

    done: dict[str, Line] = field(default_factory=dict)
    """Those that stand or were followed by others, the last at the end"""
    undone: dict[str, Line] = field(default_factory=dict)
    """Those that can be done again, the next at the end"""


class Standing:
    """What stands after the lines that were added so far. A reader can undo own lines only."""

    def __init__(self, run: str = "") -> None:
        """`run` is the content hash of the run that is looked at: a verdict given in it stands, whatever the order,
        before one that is carried over from another content. With "" the last verdict stands."""
        self.settled: dict[str, Line] = {}
        """The line that settled a difference between readers, by neuron"""
        self._run = run
        self._judgements: dict[str, dict[str, Judgement]] = {}
        self._changed: dict[tuple[str, str], None] = {}
        """Readers and neurons of judgements that are to be made anew; the last that has changed comes last"""
        self._acts: dict[str, Line] = {}
        """All lines but undo and redo, by identity"""
        self._undone: set[str] = set()
        """The identities of the lines that are undone and not done again"""
        self._of_reader: dict[tuple[str, str], list[Line]] = {}
        """The acts of a reader on a neuron, in their order, but for settlements"""
        self._settlements: dict[str, list[Line]] = {}
        """Those of all readers on a neuron, in their order"""
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
            if line.deed.act == "settle":
                self._settlements.setdefault(line.neuron, []).append(line)
            else:
                self._of_reader.setdefault((line.reader, line.neuron), []).append(line)
            steps.done[line.identity] = line
            steps.undone.clear()
            self._note_change(line)
            return
        target = self._acts.get(of)
        if target is None or target.reader != line.reader:
            return
        if line.deed.act == "undo" and of not in self._undone:
            self._undone.add(of)
            steps.undone[of] = steps.done.pop(of)
        elif line.deed.act == "redo" and of in self._undone:
            self._undone.discard(of)
            steps.undone.pop(of, None)
            steps.done[of] = target
        self._note_change(target)

    def _note_change(self, line: Line) -> None:
        """Notes that an act has come, or was undone or done again."""
        if line.deed.act != "settle":
            changed = line.reader, line.neuron
            self._changed.pop(changed, None)
            self._changed[changed] = None
            return
        self.settled.pop(line.neuron, None)
        given = reversed(self._settlements[line.neuron])
        last = next((each for each in given if each.identity not in self._undone), None)
        if last and last.deed.verdict != "clear":
            self.settled[line.neuron] = last

    @property
    def judgements(self) -> dict[str, dict[str, Judgement]]:
        """By reader, then by neuron (`layer:unit`); the last that has changed comes last."""
        for reader, neuron in self._changed:
            of_reader = self._judgements.setdefault(reader, {})
            of_reader.pop(neuron, None)
            acts = [line for line in self._of_reader[reader, neuron] if line.identity not in self._undone]
            if judgement := _judgement(acts, self._run):
                of_reader[neuron] = judgement
        self._changed.clear()
        return self._judgements

    def undoable(self, reader: str) -> Line | None:
        """The reader's last line that is not undone; None if there is none."""
        steps = self._steps.get(reader)
        return next(reversed(steps.done.values()), None) if steps else None

    def redoable(self, reader: str) -> Line | None:
        """The line that the reader undid last, if nothing was done since; else None."""
        steps = self._steps.get(reader)
        return next(reversed(steps.undone.values()), None) if steps else None


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
