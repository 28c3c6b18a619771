"""What tables consist of, and how cells and published figures become rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.evaluation.matrix import Cell
from engine.evaluation.published import PublishedFigure, PublishedRow
from engine.evaluation.results import Figure, LabelScores

PENULTIMATE = "penultimate"
"""The layer whose concepts table 2 counts, by its name in target.layers"""
F1, HIT_RATE = "F1", "hit rate"
UNIQUE = f"unique concepts, {PENULTIMATE}"
"""Shown as "best / annotated" for our cells"""


@dataclass(frozen=True, slots=True)
class Unique:
    """The number of different concepts of a layer, counted in two ways."""

    best: int
    annotated: int


Value = Figure | PublishedFigure | Unique | float | int | None
"""What a cell of a table holds; None for nothing"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, computed here or published."""

    names: tuple[str, ...]
    source: str
    """"here" or "paper" """
    values: dict[str, Value]
    """By column, among them columns that a table does not show"""


@dataclass(frozen=True, slots=True)
class Table:
    """One table, as text and as files show it."""

    title: str
    heads: tuple[str, ...]
    """The headings over a row's names"""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One of our cells in a table, and the published row that it compares with."""

    names: tuple[str, ...]
    cell: Cell
    published: PublishedRow | None


def paired(lines: Sequence[Line], rows: Sequence[PublishedRow], heads: int) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows of a table and its notes.

    Each published row follows the last of our lines that compare with it; published rows without one come last. The
    notes name the rows that nothing compares with.
    """
    last = {line.published.names: place for place, line in enumerate(lines) if line.published is not None}
    made = []
    for place, line in enumerate(lines):
        made.append(Row(line.names, "here", values(line.cell)))
        if line.published is not None and last[line.published.names] == place:
            made.append(_published(line.published, heads))
    absent = [row for row in rows if row.names not in last]
    made += [_published(row, heads) for row in absent]
    alone = [line.names[0] for line in lines if line.published is None]
    notes = []
    if absent:
        notes.append(f"Not run here in the paper's setting: {', '.join(row.names[0] for row in absent)}.")
    if alone:
        notes.append(f"Here without a published figure: {', '.join(alone)}.")
    return tuple(made), tuple(notes)


def cosine(encoder: str) -> str:
    """The name of the column with an encoder's cosine similarity."""
    return f"{encoder} cosine"


def values(cell: Cell) -> dict[str, Value]:
    """Everything that a table may show about a cell, as the paper scores its method."""
    scores = cell.evaluation.labels
    found: dict[str, Value] = {}
    if scores is not None:
        found |= {cosine(name): figure for name, figure in scores.similarity.items()}
        found |= {F1: scores.f1, HIT_RATE: scores.hit_rate}
    for unique in cell.evaluation.unique:
        if unique.layer == PENULTIMATE:
            found[UNIQUE] = Unique(unique.best, unique.annotated)
    return found


def _published(row: PublishedRow, heads: int) -> Row:
    found: dict[str, Value] = {cosine(name): figure for name, figure in row.similarity.items()}
    found |= {F1: row.f1, HIT_RATE: row.hit_rate, UNIQUE: row.unique}
    return Row((*row.names, *[""] * (heads - len(row.names))), "paper", found)


def among_labels(cells: Sequence[Cell]) -> Iterator[str]:
    """A sentence that names the methods with the easier choice, where there are any."""
    easier = dict.fromkeys(cell.evaluation.title for cell in cells if cell.evaluation.among_labels)
    if easier:
        yield f"These choose among the labels alone, where naming one is far easier: {', '.join(easier)}."


def ties(cells: Sequence[Cell]) -> Iterator[str]:
    """A sentence for each method scored by its best concept that has ties: the hit rate without them."""
    for cell in cells:
        found = cell.evaluation.ties
        if found is not None and not cell.evaluation.by_annotation:
            yield (
                f"{cell.evaluation.title}: in {found.neurons} neurons several concepts share the best score; if one "
                f"of them is drawn at random, the hit rate is {found.hit_rate:.4f}."
            )


def who_leads(lines: Sequence[Line]) -> Iterator[str]:
    """A sentence that says where another method is ahead of MAMMI, if any is compared.

    Methods that choose among the labels alone are left out.
    """
    scored = [(line, line.cell.evaluation.labels) for line in lines if not line.cell.evaluation.among_labels]
    own = next((labels for line, labels in scored if line.cell.evaluation.method == "mammi"), None)
    others = [(line.names[0], labels) for line, labels in scored if labels is not own and labels is not None]
    if own is None or not others:
        return
    ahead = []
    for column, figure in _figures(own).items():
        name, best = max(((name, figure(labels).mean) for name, labels in others), key=lambda pair: pair[1])
        if best > figure(own).mean:
            ahead.append(f"{name} by {column} ({best:.4f}, MAMMI {figure(own).mean:.4f})")
    yield f"Ahead of MAMMI here: {'; '.join(ahead)}." if ahead else "Nothing is ahead of MAMMI here."


def _figures(scores: LabelScores) -> dict[str, Callable[[LabelScores], Figure]]:
    def similarity(name: str) -> Callable[[LabelScores], Figure]:
        return lambda labels: labels.similarity[name]

    cosines = {cosine(name): similarity(name) for name in scores.similarity}
    return {**cosines, F1: lambda labels: labels.f1, HIT_RATE: lambda labels: labels.hit_rate}
