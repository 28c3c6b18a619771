"""What several readers say about the same neurons, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mammi_tui.verdicts.act_order import moment
from mammi_tui.verdicts.agreement import Agreement, agreement
from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.standing import Judgement, Standing

N = TypeVar("N", bound=Hashable)
"""What names a neuron"""


@dataclass(frozen=True, slots=True)
class Compared:
    """The verdicts on one neuron.

    Only verdicts on the same words are compared: on those that most readers judged, or of two such annotations on the
    one that was judged last.
    """

    verdicts: Mapping[str, Line]
    """By reader: those that are compared"""
    apart: Mapping[str, Line]
    """By reader: those on other words"""
    settled: Line | None = None
    """The line that settles their difference, unless it was judged again since"""

    @property
    def words(self) -> tuple[str, ...]:
        """The annotation that is compared."""
        return next(iter(self.verdicts.values())).seen.annotation

    @property
    def differs(self) -> bool:
        """Whether two readers say different things, settled or not."""
        return len({line.verdict for line in self.verdicts.values()}) > 1

    @property
    def is_open(self) -> bool:
        """Whether there is a difference to be settled."""
        return self.differs and self.settled is None


def compared(by_reader: Mapping[str, Mapping[N, Judgement]], settled: Mapping[N, Line]) -> dict[N, Compared]:
    """The neurons with a verdict, and the verdicts on each. `by_reader` and `settled` are those of Standing."""
    found: dict[N, dict[str, Line]] = {}
    for reader, judgements in by_reader.items():
        for neuron, judgement in judgements.items():
            if judgement.verdict:
                found.setdefault(neuron, {})[reader] = judgement.verdict
    return {neuron: _compared(verdicts, settled.get(neuron)) for neuron, verdicts in found.items()}


def standing_lines(found: Standing) -> set[str]:
    """The identities of the lines that stand: what each reader says, and what settles a difference."""
    settled = [each.settled for each in compared(found.judgements, found.settled).values() if each.settled]
    said = [line for of_reader in found.judgements.values() for each in of_reader.values() for line in each.lines]
    return {line.identity for line in (*settled, *said)}


def _compared(verdicts: Mapping[str, Line], settled: Line | None) -> Compared:
    judged = Counter(line.seen.annotation for line in verdicts.values())
    if len(judged) == 1:
        return _settled_by(verdicts, {}, settled)
    chosen = max(verdicts.values(), key=lambda line: (judged[line.seen.annotation], moment(line))).seen.annotation
    same = {reader: line for reader, line in verdicts.items() if line.seen.annotation == chosen}
    apart = {reader: line for reader, line in verdicts.items() if reader not in same}
    return _settled_by(same, apart, settled)


def _settled_by(same: Mapping[str, Line], apart: Mapping[str, Line], settled: Line | None) -> Compared:
    return Compared(same, apart, settled if settled and _settles(settled, same) else None)


def _settles(settled: Line, verdicts: Mapping[str, Line]) -> bool:
    """Whether a settlement is about these words, and nobody has said otherwise since."""
    return all(
        line.seen.annotation == settled.seen.annotation
        and (moment(line) < moment(settled) or line.verdict == settled.verdict)
        for line in verdicts.values()
    )


def agreement_on(readers: Iterable[str], neurons: Iterable[Compared]) -> Agreement:
    """How far the readers agree on the neurons. Those who judged none of them are left out."""
    judged = [{reader: str(line.verdict) for reader, line in each.verdicts.items()} for each in neurons]
    having = {reader for verdicts in judged for reader in verdicts}
    return agreement([reader for reader in readers if reader in having], judged)
