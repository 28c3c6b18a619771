"""A change in words: what became of a neuron's annotation, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammi_tui.text import MINUS, clean, count

if TYPE_CHECKING:
    from engine.comparing.compare import LayerChanges, Row

NO_WORDS = "no words"
DIGITS = 3


def name_of(row: Row) -> str:
    """`layer:unit`, with the unit's class."""
    return clean(f"{row.layer}:{row.unit} {row.name}".rstrip())


def partner_of(row: Row) -> str:
    """The matched unit; "" where it is the same unit of a layer of the same name, or there is none."""
    if row.other_unit is None or (row.other_layer, row.other_unit) == (row.layer, row.unit):
        return ""
    return f":{row.other_unit}" if row.other_layer == row.layer else clean(f"{row.other_layer}:{row.other_unit}")


def words(found: Sequence[str]) -> str:
    """An annotation."""
    return ", ".join(map(clean, found)) or NO_WORDS


def after(row: Row) -> str:
    """The words after the change; why there are none where no unit matches."""
    if row.is_matched:
        return words(row.after)
    return "constant on the shared films" if math.isnan(row.correlation) else "no match"


def signed(value: float) -> str:
    """A difference of scores with its sign; "" for NaN."""
    if math.isnan(value):
        return ""
    text = f"{value:+.{DIGITS}f}"
    return f"±{text[1:]}" if float(text) == 0 else text.replace("-", MINUS)


def correlation(row: Row) -> str:
    """r in at most five cells; "same" where both runs looked at the same unit; "" for NaN."""
    return "" if math.isnan(row.correlation) else f"{row.correlation:.2f}".replace("-", MINUS)


def sentence(row: Row) -> str:
    """The whole change in one line."""
    beside = f" (as {partner_of(row)}, r {correlation(row)})" if partner_of(row) else ""
    if not row.is_matched:
        beside = f" (best r {correlation(row)})" if correlation(row) else ""
    if row.is_matched and not row.changed:
        change = f"{words(row.before)}, as before"
    else:
        change = f"{words(row.before)} → {after(row)}"
    parts = (name_of(row), change + beside, signed(row.moved), f"because {clean(' and '.join(row.because))}")
    return "  ".join(filter(None, parts[: 4 if row.because else 3]))


def summary(rows: Sequence[Row]) -> str:
    """How many words changed, and because of what."""
    from engine.comparing.compare import causes

    matched, changed = sum(row.is_matched for row in rows), sum(row.changed for row in rows)
    because = ", ".join(f"{number:,} because {clean(cause)}" for cause, number in causes(rows).most_common())
    because = because.replace("because together", "only together")
    return f"Words changed in {changed:,} of {count(matched, 'neuron')}" + (f": {because}" if because else "")


def in_short(rows: Sequence[Row]) -> str:
    """The same in few words."""
    from engine.comparing.compare import causes

    matched, changed = sum(row.is_matched for row in rows), sum(row.changed for row in rows)
    because = ", ".join(f"{clean(cause)} {number:,}" for cause, number in causes(rows).most_common())
    unmatched = len(rows) - matched
    parts = (
        f"Words changed in {changed:,} of {matched:,}",
        because,
        f"{unmatched:,} without a match" * bool(unmatched),
    )
    return " · ".join(filter(None, parts))


def matching(found: LayerChanges) -> str:
    """How the units of two layers were paired."""
    match = found.match
    names = clean(match.first.name)
    if match.second.name != match.first.name:
        names += f" → {clean(match.second.name)}"
    if match.same:
        return f"{names}: {count(match.first.units, 'unit')}, unit by unit"
    matched = int((match.partners >= 0).sum())
    said = f"{names}: {matched:,} of {count(match.first.units, 'unit')} matched {match.how}"
    paired = match.correlations[match.partners >= 0]
    if len(paired) and not np.isnan(paired).all():
        said += f", r {np.nanmin(paired):.3f} to {np.nanmax(paired):.3f}, median {np.nanmedian(paired):.3f}"
    if len(match.alone):
        said += f"; {count(len(match.alone), 'unit')} of the second run without a match"
    return said
