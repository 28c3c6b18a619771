"""A neuron's first concepts with their figures, and the β cut between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evidence.answers import NeuronEvidence
from engine.evidence.columns import SECOND
from engine.evidence.trust import SIGNIFICANT
from mammi_tui.short_names import ShortNames
from mammi_tui.text import MINUS, decimal, fit, number, probability
from mammi_tui.widgets.sheet import Row

CONCEPTS = 5


@dataclass(frozen=True, slots=True)
class Column:
    head: str
    cells: int


Z, Q, ENTRY, P, CENTRED = Column("z", 6), Column("q", 7), Column("at β", 7), Column("p", 7), Column("centred", 9)
"""Columns; those on the right are left out where there is no room for them"""
LEAST_NAME = 14


def concept_rows(evidence: NeuronEvidence, concepts: ShortNames, width: int) -> Iterator[Row]:
    """CONCEPTS concepts and the cut, padded with blank rows, so that what follows stays in its place."""
    columns: list[Column] = []
    room = width - LEAST_NAME
    for column in (Z, Q, ENTRY, CENTRED, P):
        if column.cells > room:
            break
        columns.append(column)
        room -= column.cells
    name = LEAST_NAME + room
    heads = "".join(fit(column.head, column.cells, right=True) for column in columns)
    yield ((fit("first concepts", name) + heads, "line--faint"),)
    first = _first_concepts(evidence)
    above = sum(evidence.beta_entries[concept] > evidence.cuts.beta for concept in first)
    rows = [
        _concept_row(evidence, concept, concepts, columns, name, rank < above) for rank, concept in enumerate(first)
    ]
    rows.insert(above, _cut(evidence.cuts.beta, width))
    yield from rows
    blank: Row = ()
    yield from [blank] * (CONCEPTS + 1 - len(rows))


def _first_concepts(evidence: NeuronEvidence) -> list[int]:
    """The first concepts by β entry, which is the order of the ranking; the first two if nothing is positive."""
    entries = evidence.beta_entries
    ranked = [int(concept) for concept in np.argsort(-entries, kind="stable") if not np.isnan(entries[concept])]
    return ranked[:CONCEPTS] or [concept for concept in (evidence.best, int(evidence[SECOND])) if concept >= 0]


def _cut(beta: float, width: int) -> Row:
    text = f"── β {decimal(beta)} "
    return ((text + "─" * (width - len(text)), "line--accent"),)


def _concept_row(
    evidence: NeuronEvidence, concept: int, concepts: ShortNames, columns: Sequence[Column], name: int, above: bool
) -> Row:
    q = float(evidence.q_values[concept])
    figures = {
        Z: number(evidence.z_scores[concept], 1),
        P: probability(evidence.adjusted_p_values[concept]),
        Q: probability(q),
        ENTRY: number(evidence.beta_entries[concept], 3),
        CENTRED: _signed(evidence.centred_scores[concept]),
    }
    style = "line--text" if above else "line--muted"
    of_q = "line--good" if q < SIGNIFICANT else style if np.isnan(q) else "line--bad"
    return (
        (concepts.fit(concepts[concept], name - 1) + " ", "line--strong" if above else style),
        *((fit(figures[column], column.cells, right=True), of_q if column is Q else style) for column in columns),
    )


def _signed(value: float) -> str:
    text = number(value, 4)
    return text if np.isnan(value) or text.startswith(MINUS) else f"+{text}"
