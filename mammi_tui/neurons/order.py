"""The orders that the neurons pane sorts the units of a layer by."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import LayerEvidence
from engine.evidence.column import Column
from engine.evidence.columns import CHANGE_CHANCE, COLUMNS, MARGIN, Q_VALUE, TRUST
from engine.evidence.details import Trust
from engine.evidence.trust import SIGNIFICANT
from engine.requery import LayerAnswer
from mammi_tui.neurons.figures import FIGURES, Figure, Floats
from mammi_tui.notes import Note

Place = Literal["unit", "verdict", "trust", "concept", "finding", "figure", "images"]
"""The column at which the order's triangle stands"""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What an order compares in the units of a layer."""

    answer: LayerAnswer | None
    evidence: LayerEvidence | None
    concept_places: NDArray[np.int64]
    """Each concept's place in the alphabet, [m]"""
    finding_places: NDArray[np.int64]
    """The place in the alphabet of each unit's finding, [units]; the empty one last"""
    matters: Floats | None
    """The importance for a class, [units]; NaN where the run holds none"""
    undecided: NDArray[np.bool_]
    """Living units that are not decided, [units]"""
    dead: NDArray[np.bool_]
    """[units]"""


@dataclass(frozen=True, slots=True)
class Order:
    """How the units of a layer are sorted. Units without what is compared come last in both directions."""

    name: str
    key: str
    """The letter that chooses it in the menu; "" where it is not in the menu"""
    place: Place
    rising: bool = False
    """Whether the lowest is first, or the first of the alphabet"""
    figure: Figure | None = None
    """The figure that the column of figures shows while it sorts; None leaves that column as it is"""
    columns: tuple[Column[Any], ...] = ()
    """The columns of the evidence that it compares, one after the other"""

    @property
    def needs_evidence(self) -> bool:
        return bool(self.columns)

    @property
    def needs_answers(self) -> bool:
        """Whether it compares what depends on the cuts, beside evidence."""
        return not (self.columns or self.needs_matters or self is BY_UNIT or self is UNDECIDED)

    @property
    def needs_matters(self) -> bool:
        return self.figure is not None and self.figure.of_matters

    def mark(self, *, flipped: bool) -> str:
        """The triangle beside the heading of its column: upwards where the lowest is first."""
        return "▴" if self.rising is not flipped else "▾"

    def keys(self, units: Units, *, flipped: bool) -> list[Floats]:
        """Keys for np.lexsort, [units] each: the last decides first, and the smallest is first.

        Units of equal keys keep their order. There are no keys before the answer or the evidence has come.
        """
        keys = self._keys(units)
        return [-key for key in keys] if flipped else keys

    def _keys(self, units: Units) -> list[Floats]:
        answer, evidence = units.answer, units.evidence
        if self is BY_UNIT:
            return [np.arange(len(units.undecided), dtype=np.float64)]
        if self is UNDECIDED:
            return [np.where(units.dead, np.nan, np.where(units.undecided, 0.0, 1.0))]
        if self is WORTH_A_LOOK:
            return [] if evidence is None else _worth_a_look(evidence)
        if self.columns:
            found = [] if evidence is None else [_best_first(evidence, column) for column in reversed(self.columns)]
            return [np.where(units.dead, np.nan, key) for key in found]
        if self.needs_matters:
            return [] if units.matters is None else [np.where(units.dead, np.nan, -units.matters)]
        if answer is None:
            return []
        if self is BY_CONCEPT:
            return [np.where(answer.best >= 0, np.append(units.concept_places, 0)[answer.best], np.nan)]
        if self is BY_FINDING:
            return [np.where(units.finding_places >= 0, units.finding_places, np.nan)]
        values = self.figure.values(answer, evidence) if self.figure else None
        return [] if values is None else [np.where(answer.best >= 0, -values, np.nan)]


def _best_first(evidence: LayerEvidence, column: Column[Any]) -> Floats:
    values = evidence[column].astype(np.float64)
    return values if column.best == "lowest" else -values


def _worth_a_look(evidence: LayerEvidence) -> list[Floats]:
    """Units that say more than chance (q below SIGNIFICANT) before the others and before the unsupported; in each part
    those first whose first concept is the least settled: another is first in the most draws, then the smaller lead."""
    q, change, lead = evidence[Q_VALUE], evidence[CHANGE_CHANCE], evidence[MARGIN]
    says_more = (q < SIGNIFICANT) & (evidence[TRUST] > Trust.UNSUPPORTED)
    part = np.where(says_more, 0.0, np.where(evidence[TRUST] > Trust.UNSUPPORTED, 1.0, np.nan))
    return [lead.astype(np.float64), -change.astype(np.float64), part]


def _of_column(column: Column[Any], key: str = "") -> Order:
    """A grade has its own mark in every line, so it leaves the column of figures to the score."""
    graded = column is TRUST
    return Order(
        *(column.order or column.word, key, "trust" if graded else "figure", column.best == "lowest"),
        figure=None if graded else FIGURES[column.word],
        columns=(column, *column.then),
    )


BY_UNIT = Order("unit", "u", "unit", rising=True)
BY_CONCEPT = Order("best concept", "b", "concept", rising=True)
BY_FINDING = Order("finding", "f", "finding", rising=True)
BY_SCORE = Order("best score", "s", "figure", figure=FIGURES["score"])
BY_Z = Order("best z", "z", "figure", figure=FIGURES["z"])
BY_IMAGES = Order("representatives", "i", "images", figure=FIGURES["images"])
BY_MATTERS = Order("matters", "m", "figure", figure=FIGURES["matters"])
UNDECIDED = Order("undecided first", "n", "verdict", rising=True)
WORTH_A_LOOK = Order(
    *("most worth a look", "w", "figure"),
    figure=FIGURES[CHANGE_CHANCE.word],
    columns=(TRUST, Q_VALUE, CHANGE_CHANCE, MARGIN),
)
BY_TRUST = _of_column(TRUST, "t")
_FIRST = (BY_UNIT, BY_SCORE, BY_Z, BY_IMAGES, BY_CONCEPT, BY_FINDING, BY_TRUST)
_LAST = (BY_MATTERS, WORTH_A_LOOK, UNDECIDED)


def _of_columns() -> list[Order]:
    """The orders of the other columns, each with the first letter of its filter word that is free."""
    taken = {order.key for order in (*_FIRST, *_LAST)}
    found = []
    for column in COLUMNS:
        if column.order and column is not TRUST:
            letter = next(char for char in f"{column.word}{column.order}{string.ascii_lowercase}" if char not in taken)
            taken.add(letter)
            found.append(_of_column(column, letter))
    return found


ORDERS: dict[str, Order] = {order.name: order for order in (*_FIRST, *_of_columns(), *_LAST)}
"""By name, in the order of the menu"""


def order_by(figure: Figure) -> Order:
    """The order by a figure: one of ORDERS, or one without a letter."""
    for order in ORDERS.values():
        if order.figure is figure and order is not WORTH_A_LOOK:
            return order
    return _of_column(next(column for column in COLUMNS if column.word == figure.word))


def order_named(name: str) -> Order | None:
    """The order of that name, which may be the word of a figure; None if there is none."""
    return ORDERS.get(name) or (order_by(FIGURES[name]) if name in FIGURES else None)


HELP = Note(
    "Orders",
    (
        ("s", "A letter for each order; the same letter again gives the other direction, as does a click on the head "
              "of the column. Neurons without what is compared come last both ways."),
        (WORTH_A_LOOK.name, f"First the neurons that say more than chance (q below {SIGNIFICANT:g}), and of them "
                            "those in which other patients most often give another first concept; then those with "
                            "the smaller lead."),
        (BY_MATTERS.name, "By importance for the class that you looked at last (C), whichever way; before any, for all "
                          "classes. It comes from the run, for the layers whose importance it holds."),
        (UNDECIDED.name, "What you have judged comes last."),
    ),
)  # fmt: skip
