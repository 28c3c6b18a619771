"""What other readers say in the lines of the neurons pane: a column of marks, and the final mark of a settlement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.cells import cell_len

from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.text import clean, fit
from mammi_tui.verdicts.lines import Line, Verdict
from mammi_tui.widgets.lines import Part

MOST_COLUMNS = 3
"""Readers that have a column each; of more than these the marks are counted"""
COUNT_CELLS = 6


def agreement_words(rows: NeuronRows, room: int) -> str:
    """How far the readers agree, in at most `room` cells where that can be: `κ 0.71 (0.55 to 0.87) · 9 of 62 differ · 2
    settled`; "" while others are hidden."""
    found = rows.agreement
    if found is None:
        return ""
    settled = sum(1 for each in rows.compared.values() if each.differs and each.settled)
    texts = list(found.texts())
    words = [f"{texts[0]} · {settled:,} settled"] * bool(settled) + texts
    return next((text for text in words if cell_len(text) <= room), words[-1])


def others_cells(rows: NeuronRows) -> int:
    """The width of the column of other readers' marks, with the final mark; 0 while they are hidden."""
    if not rows.others:
        return 0
    settled = 2 if rows.settled else 0
    return (len(rows.others) if len(rows.others) <= MOST_COLUMNS else COUNT_CELLS) + settled


def others_head(rows: NeuronRows) -> str:
    """The head of that column: the first character of each name in which the readers' names differ; of many readers
    their number."""
    names = [clean(name) for name in sorted(rows.others)]
    if len(names) > MOST_COLUMNS:
        return fit(f"{len(names)} rd.", others_cells(rows))
    every = [clean(rows.reader), *names]
    same = next((end for end in range(min(map(len, every))) if len({name[: end + 1] for name in every}) > 1), 0)
    return fit("".join(name[same : same + 1] or name[:1] for name in names), others_cells(rows))


def others_parts(rows: NeuronRows, neuron: Neuron) -> Iterator[Part]:
    """A neuron's marks in that column."""
    cells = others_cells(rows)
    if not cells:
        return
    compared = rows.compared.get(neuron)
    settled = compared.settled if compared else None
    lines = [_verdict(rows, reader, neuron) for reader in sorted(rows.others)]
    if len(lines) <= MOST_COLUMNS:
        yield from (_mark(rows, neuron, line) for line in lines)
        cells -= len(lines)
    else:
        counts = Counter(VERDICT_MARKS[line.verdict][0] for line in lines if line and line.verdict)
        yield fit("".join(f"{number}{mark}" for mark, number in counts.most_common()), COUNT_CELLS), "line--muted"
        cells -= COUNT_CELLS
    if cells and settled and settled.verdict:
        mark, style = VERDICT_MARKS[settled.verdict]
        yield f"={mark}", style
    else:
        yield fit("", cells), "line--faint"


def _verdict(rows: NeuronRows, reader: str, neuron: Neuron) -> Line | None:
    judgement = rows.others[reader].get(neuron)
    return judgement.verdict if judgement else None


def _mark(rows: NeuronRows, neuron: Neuron, line: Line | None) -> Part:
    verdict: Verdict | None = line.verdict if line else None
    if line is None or verdict is None:
        return " ", "line--faint"
    return (HOLLOW_MARKS[verdict], "line--faint") if rows.is_hollow(neuron, line) else VERDICT_MARKS[verdict]
