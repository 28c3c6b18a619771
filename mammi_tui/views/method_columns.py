"""The columns of methods side by side, each with a method's answer about one neuron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from math import floor, isfinite, isnan, log10
from typing import TYPE_CHECKING

from rich.cells import cell_len

from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, decimal, fit, probability, wrap
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.sheet import Row

if TYPE_CHECKING:
    from engine.methods.base import MethodAnswer

SCORE_CELLS, P_CELLS, SHARED_CELLS, GAP = 8, 7, 1, 2
LEAST_CELLS = 22
"""Least width of a column where more than two are shown"""
LEAST_DETAIL = 6
MOST_ROWS = 100
SUPERSCRIPTS = " ¹²³⁴⁵⁶⁷⁸⁹"


@dataclass(frozen=True, slots=True)
class MethodColumn:
    """One method, and its answer if there is one."""

    title: str
    answer: MethodAnswer | None = None
    reason: str = ""
    """Why there is no answer"""
    stale: bool = False
    """Whether the answer is at cuts that are no longer looked at"""


def fitting(columns: int, width: int) -> int:
    """How many columns fit side by side; at least two, to compare."""
    return min(columns, max(2, (width + GAP) // (LEAST_CELLS + GAP)))


def method_rows(columns: Sequence[MethodColumn], shared: Counter[str], width: int) -> Iterator[Row]:
    """The rows of all columns, `width` cells in total."""
    names = ShortNames(name for column in columns if column.answer for name in column.answer.concepts[:MOST_ROWS])
    each = (width - GAP * (len(columns) - 1)) // len(columns)
    titles = [list(_title(column, each)) for column in columns]
    bodies = [islice(_body(column, shared, names, each), MOST_ROWS) for column in columns]
    blank: Row = ((" " * each, "line--text"),)
    for rows in (
        *zip_longest(*titles, fillvalue=blank),
        [_heads(column, each) for column in columns],
        *zip_longest(*bodies, fillvalue=blank),
    ):
        yield _beside(rows, columns)


def shared_concepts(columns: Sequence[MethodColumn]) -> Counter[str]:
    """For each concept, the number of methods that have it in their annotation."""
    return Counter(
        concept
        for column in columns
        if column.answer
        for concept in {name.casefold() for name in column.answer.concepts[: column.answer.annotated]}
    )


def _beside(rows: Sequence[Row], columns: Sequence[MethodColumn]) -> Row:
    parts: list[Part] = []
    for place, (row, column) in enumerate(zip(rows, columns, strict=True)):
        if place:
            parts.append((" " * GAP, "line--text"))
        parts += [(text, "line--stale" if column.stale else style) for text, style in row]
    return parts


def _title(column: MethodColumn, width: int) -> Iterator[Row]:
    """The title, and the note that comes with the method's answer."""
    for line in wrap(clean(column.title), width):
        yield ((fit(line, width), "line--strong"),)
    note, style = (column.answer.note, "line--muted") if column.answer else (column.reason, "line--faint")
    for line in wrap(clean(note), width):
        yield ((fit(line, width), style),)


def _heads(column: MethodColumn, width: int) -> Row:
    answer = column.answer
    heads = "" if answer is None or not answer.concepts else fit(clean(answer.figure), SCORE_CELLS, right=True)
    if heads and answer and answer.p_values is not None:
        heads += fit("p", P_CELLS, right=True)
    return ((fit("concept" if heads else "", width - len(heads)) + heads, "line--faint"),)


def _body(column: MethodColumn, shared: Counter[str], names: ShortNames, width: int) -> Iterator[Row]:
    """The concepts, with a line below the annotation."""
    answer = column.answer
    if answer is None:
        return
    digits = _digits(answer)
    for rank, (concept, score) in enumerate(zip(answer.concepts, answer.scores.tolist(), strict=True)):
        if rank == answer.annotated:
            yield (("─" * width, "line--faint"),)
        p = "" if answer.p_values is None else fit(probability(float(answer.p_values[rank])), P_CELLS, right=True)
        name_cells = width - SCORE_CELLS - SHARED_CELLS - len(p)
        annotated = rank < answer.annotated
        methods = shared[concept.casefold()] if annotated else 0
        style = "line--bar" if methods > 1 else "line--text" if annotated else "line--muted"
        name = names.fit(clean(concept), name_cells).rstrip()
        times = SUPERSCRIPTS[min(methods, 9)] if methods > 1 else ""
        detail = f" {clean(answer.details[rank])}" if answer.details else ""
        room = name_cells + SHARED_CELLS - cell_len(name + times)
        number = "–" if isnan(score) else decimal(score, digits)
        yield (
            (name + times, style),
            (fit(detail if room >= LEAST_DETAIL else "", room), "line--faint"),
            (fit(number, SCORE_CELLS, right=True), "line--text" if annotated else "line--muted"),
            (p, "line--muted"),
        )


def _digits(answer: MethodAnswer) -> int:
    """Decimals that give the first score three digits, as each method has a scale of its own."""
    first = abs(float(answer.scores[0])) if len(answer.scores) else 0.0
    return 3 if first == 0 or not isfinite(first) else min(4, max(0, 2 - floor(log10(first))))
