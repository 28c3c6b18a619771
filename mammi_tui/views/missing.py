"""What a run file lacks, as a view says it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.store.decision_records import Missing
from engine.store.reader import RunReader
from mammi_tui.text import clean


def said_missing(missing: Iterable[Missing], what: Collection[str]) -> list[str]:
    """A sentence for each of those things that the run lacks: what, why, and the line that adds it."""
    return [
        f"This run holds no {each.what}. {clean(each.why)}" + (f" `{clean(each.remedy)}` adds it." * bool(each.remedy))
        for each in missing
        if each.what in what
    ]


def said_shortly(missing: Iterable[Missing], what: Collection[str]) -> str:
    """The first of those things that the run lacks, for a place of a line or two: the line that adds it, else why it
    is not there; "" where the run says nothing of them."""
    found = next((each for each in missing if each.what in what), None)
    if found is None:
        return ""
    return f"no {found.what}: " + (f"`{clean(found.remedy)}` adds it" if found.remedy else clean(found.why))


def importance_missing(reader: RunReader) -> str:
    """Why the run holds no importance, and what adds it; "" where it holds some."""
    if reader.important_layers:
        return ""
    return " ".join(said_missing(reader.missing, ("outputs", "importance"))) or "This run holds no importance"
