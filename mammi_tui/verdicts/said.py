"""What a reader says of a neuron, in one line: `accepted "sides" at α 0.93 · r1 · 3 Nov: "only AP films"`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rich.cells import cell_len

from engine.annotation.cuts import Cuts
from mammi_tui.text import clean, fit
from mammi_tui.verdicts.lines import ConceptMark, Deed, Line, Verdict
from mammi_tui.verdicts.standing import Judgement

_VERBS: dict[Verdict, str] = {"accept": "accepted", "reject": "rejected", "unsure": "unsure of"}
_MARKS: tuple[ConceptMark, ...] = ("right", "wrong")
NO_WORDS = "no words"
"""Says that an annotation is empty"""
_LONGEST = 2_000
"""Characters of a text that is shown whole"""
_LEAST_WORDS, _LEAST_NOTE = 12, 14


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of the line, clean. Where they do not all fit, words and note are cut, then parts are left out."""

    label: str
    verdict: str
    """Such as "accepted" """
    words: str
    """The words that were judged"""
    place: str
    """Where they stood"""
    reader: str
    day: str
    marks: str
    """Concepts that were marked singly"""
    note: str

    def line(self, room: int) -> str:
        """The line in at most `room` cells."""
        label, note = f'label "{self.label}"' if self.label else "", f'"{self.note}"' if self.note else ""
        by, marks = (self.reader, self.day), self.marks
        for before, after in (
            (label, (*by, marks)),
            (label, (self.reader, marks)),
            ("", (self.reader, marks)),
            ("", ()),
        ):
            if found := self._fitted(before, after, note, room):
                return found
        return fit(self._fitted("", (), "", 1 << 20) or f"{label or note}", max(0, room)).rstrip()

    def _fitted(self, label: str, after: Sequence[str], note: str, room: int) -> str:
        """The line with these parts; "" where it does not fit with its words and its note cut."""
        verdict = self.verdict and f"{self.verdict} " + ("" if self.words else NO_WORDS)
        words = f'"{self.words}"' if verdict and self.words else ""
        before = " · ".join(filter(None, (label, verdict)))
        end = " · ".join(filter(None, ("" if verdict else before, *after)))
        start, end = (before, f"{self.place}{' · ' * bool(end)}{end}") if verdict else ("", end)
        end += ": " if end and note else ""
        left = room - cell_len(start + end)
        if left < min(cell_len(words), _LEAST_WORDS) + min(cell_len(note), _LEAST_NOTE):
            return ""
        words = _cut(words, max(_LEAST_WORDS, left - cell_len(note)))
        return f"{start}{words}{end}{_cut(note, left - cell_len(words))}"

    def __str__(self) -> str:
        return self.line(1 << 20)


def said(judgement: Judgement, *, run: str, own: Cuts, today: date) -> Said | None:
    """What one reader says; None for nothing. `own` are the cuts of the run with the content hash `run`."""
    verdict, label, note = judgement.verdict, judgement.label, judgement.note
    if not (latest := max(judgement.lines, key=lambda line: line.time, default=None)):
        return None
    signed = verdict or latest
    marks = [
        f"{mark}: {', '.join(map(clean, marked))}"
        for mark in _MARKS
        if (marked := [concept for concept, line in judgement.concepts.items() if line.deed.mark == mark])
    ]
    return Said(
        label=_text(label) if label else "",
        verdict=_VERBS[verdict.deed.verdict or "unsure"] if verdict else "",
        words=", ".join(map(clean, verdict.seen.annotation)) if verdict else "",
        place=_place(verdict, run, own) if verdict else "",
        reader=clean(signed.reader, 60),
        day=_day(signed.time, today),
        marks=" · ".join(marks),
        note=_text(note) if note else "",
    )


def _place(verdict: Line, run: str, own: Cuts) -> str:
    """At which cuts the words stood, as far as these are not the run's own; which images, and a ranking by z, are
    always said."""
    cuts = verdict.seen.cuts
    images, beta, *_ = cuts.parts
    words = [f" at {images}"]
    words += [f" {beta}"] if cuts.beta != own.beta else []
    words += [f" by {cuts.ranking}"] if "z" in (cuts.ranking, own.ranking) else []
    words += [f" in {clean(cuts.concept_set, 60)}"] if cuts.concept_set is not None else []
    words += [" in another run"] if verdict.run != run else []
    return "".join(words)


def deed_words(deed: Deed) -> str:
    """What was done, as a noun: `accept`, `label "fluid level"`, `"fluid" wrong`."""
    text = clean(deed.text or "", 60)
    match deed.act:
        case "verdict":
            return "clearing" if deed.verdict == "clear" else deed.verdict or ""
        case "settle":
            return "settling" if deed.verdict != "clear" else "unsettling"
        case "label" | "note":
            return f'{deed.act} "{text}"' if text else f"removal of the {deed.act}"
        case "concept":
            concept = clean(deed.concept or "", 60)
            return f'"{concept}" unmarked' if deed.mark == "clear" else f'"{concept}" {deed.mark}'
        case _:
            return deed.act


def is_of(line: Line, run: str, words: Sequence[str]) -> bool:
    """Whether a line judges just these words, in this order, of the run with this content hash. If not, its mark is
    hollow."""
    return line.run == run and line.seen.annotation == tuple(words)


def _day(time: str, today: date) -> str:
    """`3 Nov`, with the year if it is another; "" where the time cannot be read."""
    try:
        day = datetime.fromisoformat(time).astimezone().date()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def _text(line: Line) -> str:
    return clean(line.deed.text or "", _LONGEST)


def _cut(quoted: str, cells: int) -> str:
    """A quoted text in at most `cells` cells, with its closing quote."""
    if cell_len(quoted) <= cells:
        return quoted
    return fit(quoted[:-1], cells - 1).rstrip() + '"' if cells > 3 else ""
