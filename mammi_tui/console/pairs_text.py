"""An audit by pairs of films as text, as JSON types, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mammi_tui.console.text_table import table
from mammi_tui.text import clean, count

if TYPE_CHECKING:
    from engine.counterfactual.audit import PairsAudit
    from engine.counterfactual.effects import Effects, Found

_SHOWN = 5
"""Outputs and units of a layer that the text lists"""
_WORDS = 4
COLUMNS = {
    "pairs": "VARCHAR",
    "first": "VARCHAR",
    "second": "VARCHAR",
    "count": "BIGINT",
    "layer": "VARCHAR",
    "unit": "BIGINT",
    "name": "VARCHAR",
    "change": "DOUBLE",
    "agreeing": "DOUBLE",
    "p": "DOUBLE",
    "q": "DOUBLE",
    "large": "BOOLEAN",
    "probability_first": "DOUBLE",
    "probability_second": "DOUBLE",
    "words": "VARCHAR[]",
}


def as_lines(audit: PairsAudit) -> Iterator[str]:
    """The audit as text: of each kind of pairs the outputs and units that change most."""
    from engine.counterfactual.effects import LARGE, LEVEL

    yield f"{clean(audit.target)}: changes in SDs over {count(audit.films, 'film')} of the probing set"
    yield (
        f"A change counts as large with q ≤ {LEVEL} (Wilcoxon's signed ranks, Benjamini–Hochberg) and at least "
        f"{LARGE} SD in the median pair."
    )
    if audit.unread:
        yield f"{count(audit.unread, 'image')} left out: not readable, or without finite activations."
    if audit.words.lacking:
        yield clean(audit.words.lacking)
    for found in audit.found:
        yield ""
        yield from _lines(audit, found)


def _lines(audit: PairsAudit, found: Found) -> Iterator[str]:
    first, second = found.states
    yield (
        f"{clean(found.name)}: {first} → {second}, {count(found.pairs, 'pair')}, "
        f"{_share(found.share)} of a film's pixels differ"
    )
    if found.limits:
        yield f"  {clean(found.limits)}"
    if not found.differing:
        yield "  The films of each pair are equal: they do not show it, so nothing can be said."
        return
    if found.differing < found.pairs:
        yield f"  {count(found.pairs - found.differing, 'pair')} of equal films left out: they do not show it."
    if found.differing < found.needed:
        yield (
            f"  {count(found.differing, 'pair')} may be too few: for a unit that changes alone to be significant, "
            f"{found.needed} are needed."
        )
    if found.outputs is not None:
        effects, (before, after) = found.outputs.effects, found.outputs.probabilities
        rows = [
            ("    " + clean(audit.classes[unit]), *_cells(effects, unit), f"{before[unit]:.2f} → {after[unit]:.2f}")
            for unit in _shown(effects)
        ]
        yield f"  outputs: {_large(effects, audit.classes)}"
        yield from table(("    output", "change", "pairs alike", "q", "mean probability"), rows) if rows else ()
    for layer, effects in found.layers.items():
        if _is_outputs(audit, layer):
            continue
        rows = [
            ("    " + clean(f"{layer}:{unit}"), *_cells(effects, unit), _words(audit, layer, unit))
            for unit in _shown(effects)
        ]
        yield f"  {clean(layer)}: {_large(effects, [f'{layer}:{unit}' for unit in range(len(effects.median))])}"
        yield from table(("    unit", "change", "pairs alike", "q", "words"), rows) if rows else ()


def _share(share: float) -> str:
    return "less than 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def _is_outputs(audit: PairsAudit, layer: str) -> bool:
    """Whether a layer's units are the classes, which are listed as outputs."""
    return bool(audit.classes) and audit.unit_names[layer] == audit.classes


def _large(effects: Effects, names: Sequence[str]) -> str:
    """How many units change much; where none does, the one that changes most."""
    much = int(effects.large.sum())
    most = int(effects.order[0])
    largest = "" if much else f" (most: {clean(names[most])}, {effects.median[most]:+.2f} SD)"
    return f"{much:,} of {len(effects.median):,} change much{largest}"


def _shown(effects: Effects) -> list[int]:
    """The units that change much, the first few of them."""
    large = effects.large
    return [unit for unit in effects.order.tolist() if large[unit]][:_SHOWN]


def _cells(effects: Effects, unit: int) -> tuple[str, str, str]:
    q = effects.q[unit]
    return f"{effects.median[unit]:+.2f} SD", f"{effects.agreeing[unit]:.0%}", f"{q:.2g}" if q >= 1e-4 else "< 0.0001"


def _words(audit: PairsAudit, layer: str, unit: int) -> str:
    words = audit.words.of(layer, unit)
    return ", ".join(map(clean, words[:_WORDS])) + (", …" if len(words) > _WORDS else "")


def as_object(audit: PairsAudit) -> dict[str, Any]:
    """The audit as JSON types, with every unit and output of each kind of pairs."""
    return {
        "target": audit.target,
        "films": audit.films,
        "left_out": audit.unread,
        "words_lacking": audit.words.lacking or None,
        "pairs": [_pairs_object(audit, found) for found in audit.found],
    }


def _pairs_object(audit: PairsAudit, found: Found) -> dict[str, Any]:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in _rows(audit, found)]
    own = ("layer", "unit", "name", "change", "agreeing", "p", "q", "large")
    outputs = [
        {key: row[key] for key in (*own[1:], "probability_first", "probability_second")}
        for row in rows
        if row["layer"] is None
    ]
    units = [{key: row[key] for key in (*own, "words")} for row in rows if row["layer"] is not None]
    return {
        "name": found.name,
        "first": found.states[0],
        "second": found.states[1],
        "limits": found.limits or None,
        "count": found.pairs,
        "differing": found.differing,
        "share_of_pixels": found.share,
        "outputs": outputs,
        "units": units,
    }


def table_rows(audit: PairsAudit) -> Iterator[Sequence[object]]:
    """A row for each kind of pairs and each output (without a layer) or unit."""
    for found in audit.found:
        yield from _rows(audit, found)


def _rows(audit: PairsAudit, found: Found) -> Iterator[Sequence[object]]:
    of = (found.name, *found.states, found.pairs)
    if found.outputs is not None:
        before, after = found.outputs.probabilities
        for unit, name in enumerate(audit.classes):
            figures = _figures(found.outputs.effects, unit)
            yield (*of, None, unit, name, *figures, float(before[unit]), float(after[unit]), [])
    for layer, effects in found.layers.items():
        names = audit.unit_names[layer]
        for unit in range(len(effects.median)):
            named = names[unit] if names else None
            yield (*of, layer, unit, named, *_figures(effects, unit), None, None, list(audit.words.of(layer, unit)))


def _figures(effects: Effects, unit: int) -> tuple[float, float, float, float, bool]:
    return (
        *(float(effects.median[unit]), float(effects.agreeing[unit]), float(effects.p[unit])),
        *(float(effects.q[unit]), bool(effects.large[unit])),
    )
