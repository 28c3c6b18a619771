"""A comparison of two runs as text to read, and as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.comparing.compare import Comparison, LayerChanges, Row
from engine.comparing.differences import Difference
from engine.comparing.matching import FLOOR
from mammi_tui.changes.table import row_object
from mammi_tui.changes.words import matching, sentence, summary
from mammi_tui.text import clean

HEAD_CELLS = 14


def as_text(comparison: Comparison, layers: Sequence[LayerChanges], shown: Sequence[Row]) -> str:
    """What differs, how units were matched, how many words changed, and a line for each of the rows `shown`."""
    rows = [row for each in layers for row in each.rows]
    first, second = (clean(str(side.reader.path)) for side in comparison.sides)
    lines = [first if comparison.is_of_one_run else f"{first} → {second}", *_differences(comparison), ""]
    lines += [matching(each) for each in layers]
    if any(not row.is_matched for row in rows):
        lines.append(f"Units count as a match from a correlation of {FLOOR:g} on.")
    lines += ["", summary(rows)]
    return "\n".join([*lines, *([""] if shown else []), *map(sentence, shown)])


def _differences(comparison: Comparison) -> Iterator[str]:
    found = comparison.differences
    for each in found:
        if each.differs:
            yield f"{f'  {each.what}':{HEAD_CELLS}}  {difference(each)}"
    same = [each.what for each in found if not each.differs]
    yield f"{'  the same':{HEAD_CELLS}}  {', '.join(same)}" if same else "  nothing is the same"


def difference(found: Difference) -> str:
    """What one run has and what the other."""
    first, second = map(clean, found.of)
    said = first if first == second else f"{first} → {second}"
    return f"{said} ({clean(found.detail)})" if found.detail else said


def as_object(comparison: Comparison, layers: Sequence[LayerChanges], rows: Sequence[Row]) -> dict[str, object]:
    """As JSON types: the runs with their cuts, the differences, the layers with their unmatched units, and the rows."""
    sides = [
        {
            "run": str(side.reader.path),
            "content_hash": side.reader.info.content_hash,
            **side.cuts.as_fields(),
        }
        for side in comparison.sides
    ]
    differences = [
        {
            "what": each.what,
            "before": each.of[0],
            "after": each.of[1],
            "differs": each.differs,
            "detail": each.detail or None,
        }
        for each in comparison.differences
    ]
    matches = [
        {
            "layer": each.match.first.name,
            "other_layer": each.match.second.name,
            "matched": each.match.how,
            "units": each.match.first.units,
            "unmatched": [row.unit for row in each.rows if not row.is_matched],
            "other_unmatched": each.match.alone.tolist(),
            "changed": sum(row.changed for row in each.rows),
        }
        for each in layers
    ]
    found: dict[str, object] = {"before": sides[0], "after": sides[1], "differences": differences, "layers": matches}
    return found | {"neurons": [row_object(row) for row in rows]}
