"""The orders of a comparison's neurons."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.comparing.compare import Row


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are sorted; rows that compare equal keep the order of their layers and units."""

    name: str
    key: str
    """The letter that chooses it in the menu"""
    of: Callable[[Row], Any]
    """What is compared, the lowest first"""
    meaning: str


def _size(value: float) -> float:
    return 0.0 if math.isnan(value) else -abs(value)


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


ORDERS: dict[str, Order] = {
    order.name: order
    for order in (
        Order("change", "c", lambda row: (not row.changed, row.is_matched, -row.change, _size(row.moved)),
              "the most other words first, then the largest move of the score; then neurons without a match"),
        Order("moved", "m", lambda row: _size(row.moved), "the largest move of the best concept's score first"),
        Order("correlation", "r", lambda row: _last(row.correlation), "the lowest correlation first"),
        Order("cause", "b", lambda row: (not row.because, row.because, -row.change), "by what changed the words"),
        Order("before", "w", lambda row: (not row.before, row.before), "by the words before"),
        Order("after", "a", lambda row: (not row.after, row.after), "by the words after"),
        Order("unit", "u", lambda _: 0, "by layer and unit"),
    )
}  # fmt: skip
"""By name, in the order of the menu"""
BY_CHANGE = ORDERS["change"]


def in_order(rows: Sequence[Row], order: Order) -> list[Row]:
    """Rows, given by layer and unit, in an order."""
    return sorted(rows, key=order.of)
