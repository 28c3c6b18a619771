"""The figures of a layer's neurons that the neurons pane compares, sorts by and shows in a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import LayerEvidence
from engine.evidence.column import Column
from engine.evidence.columns import COLUMNS, Z_SCORE
from engine.evidence.details import Trust
from engine.requery import LayerAnswer
from mammi_tui.neurons.evidence_lines import NONE, written
from mammi_tui.text import number

TRUST_MARKS: dict[Trust, tuple[str, str]] = {
    Trust.STRONG: ("●", "line--good"),
    Trust.FAIR: ("◐", "line--unsure"),
    Trust.WEAK: ("○", "line--bad"),
    Trust.UNSUPPORTED: ("◌", "line--bad"),
}
"""The mark of each grade, and its style in a line"""
TRUST_WORDS: dict[Trust, str] = {grade: grade.name.lower() for grade in reversed(Trust)}

Values = NDArray[np.generic]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number for each unit. A filter names it by its `word`."""

    word: str
    head: str
    """The heading of its column, at most six cells"""
    meaning: str
    shown: Callable[[float], str]
    """Writes a value in at most six cells"""
    of_answer: Callable[[LayerAnswer], Values] | None = None
    of_evidence: Callable[[LayerEvidence], Values] | None = None
    of_matters: bool = False
    """Whether it is the importance for a class. Exactly one of the three is set"""

    def values(
        self, answer: LayerAnswer | None, evidence: LayerEvidence | None, matters: Floats | None = None
    ) -> Floats | None:
        """The figure's values [units]; None until the answer, the evidence or the importance has come."""
        if self.of_matters:
            return matters
        if self.of_evidence:
            return None if evidence is None else self.of_evidence(evidence).astype(np.float64)
        return None if answer is None or self.of_answer is None else self.of_answer(answer).astype(np.float64)


MATTERS_MEANING = (
    "how much it adds to the output of the class looked at last, or takes off, over films labelled so; with no class, "
    "its largest share in any"
)


def _of_column(column: Column[np.generic]) -> Figure:
    return Figure(
        *(column.word, column.head or column.word, column.meaning),
        shown=lambda value: written(column, value),
        of_evidence=lambda evidence: evidence[column],
    )


def _whole(value: float) -> str:
    return NONE if np.isnan(value) else f"{value:,.0f}"


def _best_z(answer: LayerAnswer) -> Values:
    return np.where(answer.best < 0, np.nan, answer.best_z)


FIGURES: dict[str, Figure] = {
    figure.word: figure
    for figure in (
        Figure("score", "score", "the best concept's score", number, of_answer=lambda answer: answer.best_scores),
        Figure("z", "z", Z_SCORE.meaning, lambda value: written(Z_SCORE, value), of_answer=_best_z),
        Figure("images", "images", "representative images", _whole, of_answer=lambda answer: answer.counts),
        Figure("matters", "matter", MATTERS_MEANING, number, of_matters=True),
        *(_of_column(column) for column in COLUMNS if column.word and column is not Z_SCORE),
    )
}
"""By word: those of the annotation, then the evidence that can be compared"""
