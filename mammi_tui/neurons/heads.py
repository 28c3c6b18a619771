"""The columns of a neuron's line: how they share its cells, and their heads, each with the order that it chooses."""

from __future__ import annotations

from typing import NamedTuple

from mammi_tui.neurons.order import Place
from mammi_tui.neurons.row_names import RowNames
from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.neurons.second_reading import others_cells, others_head
from mammi_tui.text import fit

SCORE_CELLS = 7
FINDING_CELLS, LEAST_FINDING = 16, 9
ENOUGH = 16
"""Cells that suffice for a best concept where there is a finding to show beside it"""
WIDE = 64
"""Width from which columns have their full names, and findings have one even beside classes"""
HEAD = "best concept"


class Columns(NamedTuple):
    """Cells of each column of a neuron's line."""

    unit: int
    others: int
    """0 where other readers are hidden"""
    trust: int
    concept: int
    finding: int
    """0 where findings are not shown"""
    score: int
    images: int


class Head(NamedTuple):
    """The head of one column, as wide as the column."""

    place: Place | None
    """None for a column that does not sort"""
    text: str


def columns(rows: NeuronRows, names: RowNames, width: int) -> Columns:
    """How the columns share `width` cells."""
    answers = (*rows.answers, *(some.answer for some in rows.some.values()))
    most = max((int(answer.counts.max(initial=0)) for answer in answers if answer), default=0)
    images = max(7 if width >= WIDE else 5, len(f"{most:,}") + 1)
    unit = max(4, max((len(str(layer.units - 1)) for layer in rows.layers), default=1) + 1)
    trust = 1 if any(rows.evidence) else 0
    others = others_cells(rows)
    room = max(4, width - unit - 3 - others - trust - SCORE_CELLS - images - 1)
    finding = FINDING_CELLS if width >= WIDE else _spare(rows, names, room)
    return Columns(unit, others, trust, room - finding, finding, SCORE_CELLS, images)


def _spare(rows: NeuronRows, names: RowNames, cells: int) -> int:
    """Of the `cells` for best concepts, those that they do not need, if they are enough for findings."""
    if all(units or answer is None for units, answer in zip(names.units, rows.answers, strict=True)):
        return 0  # units with classes leave no room
    needed = max(len(HEAD) + 1, min(names.longest_best, ENOUGH))
    spare = min(cells - needed, names.findings.longest + 1)
    return spare if spare >= LEAST_FINDING else 0


def heads(rows: NeuronRows, columns: Columns) -> list[Head]:
    """The heads from left to right. A triangle stands at the column that sorts."""
    triangle = {rows.order.place: rows.order.mark(flipped=rows.flipped)}

    def mark(place: Place) -> str:
        return triangle.get(place, "")

    finding = "" if columns.finding else mark("finding")
    concept = HEAD + (f", finding{finding}" if finding else mark("concept"))
    images = "images" if columns.images > 6 + len(mark("images")) else "img"
    score = fit(rows.figure.head + mark("figure"), columns.score, right=True)
    return [
        Head("unit", fit("unit", columns.unit + 1, right=True) + (mark("unit") or " ")),
        Head("verdict", mark("verdict") or "✓"),
        Head(None, others_head(rows)),
        Head("trust", fit(mark("trust") or ("●" if columns.trust else ""), columns.trust + 1)),
        Head("concept", fit(concept, columns.concept)),
        Head("finding", fit(" finding" + mark("finding"), columns.finding)),
        Head("figure", score),
        Head("images", fit(images + mark("images"), columns.images, right=True)),
    ]


def place_at(found: list[Head], x: int) -> Place | None:
    """The column at a cell; None beyond the last."""
    for head in found:
        if x < len(head.text):
            return head.place
        x -= len(head.text)
    return None
