"""The attributes of the films that a filter may name: known once a layer was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mammi_tui.neurons.filter.fields import nearest
from mammi_tui.neurons.filter.grammar import Filter
from mammi_tui.neurons.filter.terms import Follows

if TYPE_CHECKING:
    from engine.auditing.layers import LayerTraits
    from engine.evidence.answers import LayerEvidence


def attribute_names(evidence: Sequence[LayerEvidence | None]) -> list[str]:
    """Attributes and their values, from what is known of the layers."""
    known = _known(evidence)
    return [] if known is None else known.names


def unknown_attribute(wanted: Filter, evidence: Sequence[LayerEvidence | None]) -> str:
    """What is wrong with an attribute that a filter names; "" for nothing, and before that is known."""
    known = _known(evidence)
    if known is None:
        return ""
    names = (term.name for term in wanted.parts(negated=True) if isinstance(term, Follows))
    missing = next((name for name in names if known.upwards(name) is None), "")
    if not missing:
        return ""
    return f"no attribute {missing}{nearest(missing, known.names)}" if known.names else "the run has no attributes"


def _known(evidence: Sequence[LayerEvidence | None]) -> LayerTraits | None:
    return next((each.traits for each in evidence if each is not None and each.traits is not None), None)
