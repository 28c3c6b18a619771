"""The rows of a comparison as a table for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.evidence.written import number_or_none

if TYPE_CHECKING:
    from engine.comparing.compare import Row

COLUMNS = {
    "layer": "VARCHAR",
    "unit": "INTEGER",
    "name": "VARCHAR",
    "dead": "BOOLEAN",
    "other_layer": "VARCHAR",
    "other_unit": "INTEGER",
    "correlation": "DOUBLE",
    "changed": "BOOLEAN",
    "change": "DOUBLE",
    "before": "VARCHAR[]",
    "after": "VARCHAR[]",
    "score_before": "DOUBLE",
    "score_after": "DOUBLE",
    "moved": "DOUBLE",
    "because": "VARCHAR[]",
}
"""The columns and their DuckDB types. A neuron without a match has NULL for all that is the match's"""


def table_rows(rows: Iterable[Row]) -> Iterator[tuple[object, ...]]:
    """One for each neuron of the first run."""
    for row in rows:
        own = (row.layer, row.unit, row.name or None, row.dead)
        matched = row.is_matched
        yield (
            *(*own, row.other_layer if matched else None, row.other_unit, number_or_none(row.correlation)),
            *(row.changed if matched else None, row.change if matched else None, list(row.before)),
            *(list(row.after) if matched else None, number_or_none(row.score_before)),
            *(number_or_none(row.score_after), number_or_none(row.moved), list(row.because) if matched else None),
        )


def row_object(row: Row) -> dict[str, object]:
    """A row for JSON, with what each single exchange does."""
    found = dict(zip(COLUMNS, next(table_rows([row])), strict=True))
    exchanged = row.exchanged if row.changed and row.exchanged else {}
    return found | {
        "exchanged": {
            thing: {"before": list(each.before), "after": list(each.after)} for thing, each in exchanged.items()
        }
    }
