"""Verdict lines as a table, for `mammi export` and back."""

from __future__ import annotations

from collections.abc import Collection

from mammi_tui.verdicts.entries import Entry
from mammi_tui.verdicts.lines import Line

COLUMNS = {
    "time": "VARCHAR",
    "reader": "VARCHAR",
    "neuron": "VARCHAR",
    "layer": "VARCHAR",
    "unit": "INTEGER",
    "verdict": "VARCHAR",
    "alpha": "DOUBLE",
    "beta": "DOUBLE",
    "annotation": "VARCHAR[]",
    "stands": "BOOLEAN",
    "concept_set": "VARCHAR",
    "ranking": "VARCHAR",
    "selection": "VARCHAR",
    "act": "VARCHAR",
    "text": "VARCHAR",
    "concept": "VARCHAR",
    "mark": "VARCHAR",
    "role": "VARCHAR",
    "this_run": "BOOLEAN",
    "hash": "VARCHAR",
    "line": "VARCHAR",
}
"""Names and DuckDB types. `line` is the line as it stands in the log, its control characters escaped."""
_ESCAPED = {code: f"\\u{code:04x}" for code in (*map(ord, ";|"), *range(0x7F, 0xA0))}
"""Controls that may stand in a text of JSON as they are, and what a spreadsheet may take for the end of a cell"""
SHOWN = ("reader", "neuron", "verdict", "act", "text", "concept", "mark")
"""Columns that repeat texts of the line"""


def row(
    entry: Entry, line: Line, place: tuple[str | None, int | None], stand: Collection[str], run: str
) -> tuple[object, ...]:
    """One line. `place` is the neuron's layer and unit in the run with the content hash `run`, if it has it; `stand`
    are the identities of the lines that stand."""
    deed, cuts = line.deed, line.seen.cuts
    return (
        *(line.time, line.reader, line.neuron, *place, deed.verdict, cuts.alpha, cuts.beta),
        *(list(line.seen.annotation), line.identity in stand, cuts.concept_set, cuts.ranking, str(cuts.selection)),
        *(deed.act, deed.text, deed.concept, deed.mark, line.role, line.run == run),
        *(line.hash, entry.raw.decode().strip().translate(_ESCAPED)),
    )


def shown(line: Line) -> dict[str, str]:
    """What the columns SHOWN say of a line; "" for nothing."""
    deed = line.deed
    texts = (line.reader, line.neuron, deed.verdict, deed.act, deed.text, deed.concept, deed.mark)
    return {name: text or "" for name, text in zip(SHOWN, texts, strict=True)}
