"""What readers say of a neuron, as JSON types and as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from mammi_tui.text import clean
from mammi_tui.verdicts.comparison import compared
from mammi_tui.verdicts.log import log_of
from mammi_tui.verdicts.said import is_of, said

if TYPE_CHECKING:
    from engine.store.reader import RunReader
    from mammi_tui.verdicts.lines import Line
    from mammi_tui.verdicts.standing import Judgement


class ReadersOf:
    """What each reader says of one neuron, beside the words that it has at some cuts."""

    def __init__(self, reader: RunReader, neuron: str, words: Sequence[str]) -> None:
        """Raises MammiError if the verdicts cannot be read."""
        log = log_of(reader)
        self._log, self._own, self._words = log, reader.info.cuts, words
        self.warnings = list(log.read().warnings())
        """About lines of the log"""
        stand = log.standing
        self._said = {name: found[neuron] for name, found in sorted(stand.judgements.items()) if neuron in found}
        each = compared({name: {neuron: found} for name, found in self._said.items()}, stand.settled).get(neuron)
        self._settled = each.settled if each else None

    def __bool__(self) -> bool:
        return bool(self._said)

    def as_objects(self) -> dict[str, Any]:
        """`readers` and, where a difference is settled, `settled`, as JSON types; nothing where nothing was said."""
        if not self:
            return {}
        settled = {"settled": self._verdict(self._settled)} if self._settled else {}
        return {"readers": [self._object(name, judgement) for name, judgement in self._said.items()]} | settled

    def _object(self, name: str, judgement: Judgement) -> dict[str, Any]:
        verdict, label, note = judgement.verdict, judgement.label, judgement.note
        return {
            "reader": name,
            "verdict": self._verdict(verdict) if verdict else None,
            "label": label.deed.text if label else None,
            "note": note.deed.text if note else None,
            "concepts": {concept: line.deed.mark for concept, line in judgement.concepts.items()},
        }

    def _verdict(self, line: Line) -> dict[str, Any]:
        return {
            "verdict": line.deed.verdict,
            "reader": line.reader,
            "time": line.time,
            "annotation": list(line.seen.annotation),
            **line.seen.cuts.as_fields(),
            "hollow": not is_of(line, self._log.run, self._words),
        }

    def as_text(self) -> Iterator[str]:
        """A line for each reader, then one for what settles their difference."""
        for judgement in self._said.values():
            words = said(judgement, run=self._log.run, own=self._own, today=date.today())
            verdict = judgement.verdict
            others = verdict is not None and verdict.seen.annotation != tuple(self._words)
            yield f"{words}{' (of other words than these)' if others else ''}"
        if self._settled:
            yield f"settled: {self._settled.deed.verdict}, by {clean(self._settled.reader, 60)}"
