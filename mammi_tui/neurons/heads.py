"""The columns of a neuron's line: how they share its cells, and their heads, each with the order that it chooses."""

from __future__ import annotations

from typing import NamedTuple

from mammi_tui.neurons.figures import Figure
from mammi_tui.neurons.order import Order, Place
from mammi_tui.neurons.row_names import RowNames
from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.text import fit

SCORE_CELLS = 7
FINDING_CELLS, LEAST_FINDING = 16, 9
WIDE = 64
"""Width from which columns have their full names, and findings have one even beside classes"""
HEAD = "best concept"


class Columns(NamedTuple):
    """Cells of each column of a neuron's line."""

    unit: int
    trust: int
    concept: int
    finding: int
    """0 where findings are not shown"""
    score: int
    images: int


class Head(NamedTuple):
    """The head of one column, as wide as the column."""

    place: Place
    text: str


def columns(rows: NeuronRows, names: RowNames, width: int) -> Columns:
    """How the columns share `width` cells."""
    most = max((int(answer.counts.max(initial=0)) for answer in rows.answers if answer), default=0)
    images = max(7 if width >= WIDE else 5, len(f"{most:,}") + 1)
    unit = max(4, max((len(str(layer.units - 1)) for layer in rows.layers), default=1) + 1)
    trust = 1 if any(rows.evidence) else 0
    room = max(4, width - unit - 3 - trust - SCORE_CELLS - images - 1)
    finding = FINDING_CELLS if width >= WIDE else _spare(rows, names, room)
    return Columns(unit, trust, room - finding, finding, SCORE_CELLS, images)


def _spare(rows: NeuronRows, names: RowNames, cells: int) -> int:
    """Of the `cells` for best concepts, those that no best concept needs, if they are enough for findings."""
    if all(units or answer is None for units, answer in zip(names.units, rows.answers, strict=True)):
        return 0  # units with classes leave no room
    spare = min(cells - max(len(HEAD) + 1, names.longest_best), names.findings.longest + 1)
    return spare if spare >= LEAST_FINDING else 0


def heads(columns: Columns, order: Order, figure: Figure, *, flipped: bool) -> list[Head]:
    """The heads from left to right. A triangle stands at the column that sorts."""
    triangle = {order.place: order.mark(flipped=flipped)}

    def mark(place: Place) -> str:
        return triangle.get(place, "")

    finding = "" if columns.finding else mark("finding")
    concept = HEAD + (f", finding{finding}" if finding else mark("concept"))
    images = "images" if columns.images > 6 + len(mark("images")) else "img"
    score = fit(figure.head + mark("figure"), columns.score, right=True)
    return [
        Head("unit", fit("unit", columns.unit + 1, right=True) + (mark("unit") or " ")),
        Head("verdict", mark("verdict") or "✓"),
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
