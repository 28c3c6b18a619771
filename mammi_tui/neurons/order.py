"""The orders that the neurons pane sorts the units of a layer by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.evidence.answers import LayerEvidence
from engine.evidence.column import Column
from engine.evidence.columns import COLUMNS, TRUST
from engine.requery import LayerAnswer
from mammi_tui.neurons.figures import FIGURES, Figure

Keys = list[NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Order:
    """How the units of a layer are sorted: by unit, by a figure of the annotation, or by a column of the evidence."""

    name: str
    figure: Figure | None = None
    """The figure that the column of figures shows while it sorts; None leaves that column as it is"""
    column: Column[Any] | None = None
    """The evidence that it needs"""

    @property
    def needs_evidence(self) -> bool:
        return self.column is not None

    @property
    def mark(self) -> str:
        """The triangle beside the heading of the column that sorts: upwards where the lowest is first."""
        rising = self.column.best == "lowest" if self.column else self.figure is None
        return "▴" if rising else "▾"

    def keys(self, answer: LayerAnswer | None, evidence: LayerEvidence | None) -> Keys:
        """Keys for np.lexsort, [units] each: the last decides first, and the smallest is first.

        A unit without the figure has NaN and comes last. There are no keys if the units keep their order, or before
        the answer or the evidence has come.
        """
        if self.column:
            columns = (self.column, *self.column.then)
            return [_best_first(column, evidence) for column in reversed(columns)] if evidence else []
        if self.figure is None or answer is None:
            return []
        values = self.figure.values(answer, evidence)
        return [] if values is None else [np.where(answer.best >= 0, -values, np.nan)]


def _best_first(column: Column[Any], evidence: LayerEvidence) -> NDArray[np.float64]:
    values = evidence[column].astype(np.float64)
    return values if column.best == "lowest" else -values


def _of_column(column: Column[Any]) -> Order:
    """A grade has its own mark in every line, so it leaves the column of figures to the score."""
    return Order(column.order, None if column is TRUST else FIGURES[column.word], column)


BY_UNIT = Order("unit")
BY_SCORE = Order("best score", FIGURES["score"])
BY_IMAGES = Order("representatives", FIGURES["images"])
BY_TRUST = _of_column(TRUST)
ORDERS: dict[str, Order] = {
    order.name: order
    for order in (
        *(BY_UNIT, BY_SCORE, BY_IMAGES, BY_TRUST),
        *(_of_column(column) for column in COLUMNS if column.order and column is not TRUST),
    )
}
"""By name; a reader goes through them in this order"""


def order_after(order: Order) -> Order:
    """The next of ORDERS; the first comes after the last."""
    orders = list(ORDERS.values())
    return orders[(orders.index(order) + 1) % len(orders)]
