"""The marks of a neuron in a line: the reader's verdict, and how far its words can be trusted."""

from __future__ import annotations

from engine.evidence.columns import TRUST
from engine.evidence.details import Trust
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS
from mammi_tui.neurons.rows import Neuron, NeuronRows

UNKNOWN = "·"
"""The mark of a neuron whose trust is not known yet"""
Mark = tuple[str, str]
"""One cell, and its style in a line"""


def verdict_mark(rows: NeuronRows, neuron: Neuron) -> Mark:
    """Faint and hollow where another annotation was judged than the one on screen; blank without a verdict."""
    verdict = rows.verdict_of(neuron)
    if verdict is None:
        return " ", "line--faint"
    mark, style = VERDICT_MARKS[verdict]
    return (HOLLOW_MARKS[verdict], "line--faint") if rows.is_hollow(neuron) else (mark, style)


def trust_mark(rows: NeuronRows, neuron: Neuron) -> Mark:
    """Dimmed where it was computed at other cuts; blank for a dead unit."""
    evidence = rows.evidence[neuron.layer]
    if rows.is_dead(neuron):
        return " ", "line--faint"
    if evidence is None:
        return UNKNOWN, "line--faint"
    mark, style = TRUST_MARKS[Trust(int(evidence[TRUST][neuron.unit]))]
    return mark, "line--stale" if rows.evidence_is_stale(neuron.layer) else style
