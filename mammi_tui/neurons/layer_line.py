"""The line of a layer: its name, how many of its units are decided or found, and whether their trust is known."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from mammi_tui.neurons.row_names import RowNames
from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.text import count
from mammi_tui.widgets.lines import Part

ROOMY = 40
"""Width from which the line counts dead units"""


def layer_line(rows: NeuronRows, names: RowNames, layer: int, width: int) -> Iterable[Part]:
    """The parts of a layer's line."""
    decided, living = rows.progress(layer)
    dead = rows.dead_count(layer)
    if rows.query:
        tail = _found(rows, layer, roomy=width >= ROOMY)
    else:
        tail = f" {decided}/{living} decided " if decided else f" {count(rows.layers[layer].units, 'unit')} "
        tail += f"· {dead} dead " if dead and width >= ROOMY else ""
    opened = layer in rows.open or bool(rows.query)
    random = " random" if rows.layers[layer].untrained else ""
    room = width - 2 - cell_len(names.layers[layer] + random)
    tail = next((text for text in _with_trust(rows, layer, tail) if cell_len(text) <= room), tail)
    yield "▾ " if opened else "▸ ", "line--accent"
    cells = max(4, width - 2 - len(random) - len(tail))
    yield names.layers.fit(names.layers[layer], cells), "line--strong"
    yield random, "line--bad"
    yield tail, "line--faint"


def _found(rows: NeuronRows, layer: int, *, roomy: bool) -> str:
    """How many neurons of a layer the filter leaves, and how many of them are decided."""
    found = len(rows.matches[layer])
    decided, _ = rows.progress_found(layer)
    if not decided:
        return f" {found:,} found "
    return f" {found:,} found · {decided:,} decided " if roomy else f" {decided:,}/{found:,} found "


def _with_trust(rows: NeuronRows, layer: int, tail: str) -> Iterable[str]:
    """The end of a layer's line, and what it says while trust is not known, the longest first."""
    underway = layer == rows.evidence_underway
    if underway or rows.evidence[layer] is None:
        yield f"{tail}· trust {'under way …' if underway else 'not known yet'} "
        yield f"{tail}· trust … "
        yield f"{tail.partition('·')[0]}· trust … "
        if not rows.query:  # how many are found says more
            yield " trust … "
