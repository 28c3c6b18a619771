"""One neuron's evidence as a sheet to read."""

from __future__ import annotations

from collections.abc import Sequence

from engine.evidence.answers import NeuronEvidence
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, wrap
from mammi_tui.views.evidence_rows import evidence_rows
from mammi_tui.widgets.sheet import Row, Sheet

ROOMY = 30
"""Lines of a sheet from which it has room to spare"""


class EvidenceSheet(Sheet):
    """A neuron's evidence, or the reason why there is none."""

    BINDING_GROUP_TITLE = "Evidence"
    HELP = "How far the neuron's words can be trusted: first in a sentence, then in figures."

    def __init__(self, concepts: ShortNames, own_alpha: float, *, id: str) -> None:  # noqa: A002
        """`concepts` are all of the run, `own_alpha` is the run's."""
        super().__init__(id=id)
        self.evidence: NeuronEvidence | None = None
        self._concepts = concepts
        self._own_alpha = own_alpha
        self._reason = "Evidence is being computed …"

    def show(self, evidence: NeuronEvidence | None, reason: str = "") -> None:
        """Draws a neuron's evidence, or the reason why there is none."""
        self.evidence, self._reason = evidence, reason
        self.set_reactive(EvidenceSheet.stale, False)
        self.rows_changed()

    @property
    def cuts(self) -> str:
        """The cuts of the evidence shown, without its concept set."""
        return " · ".join(self.evidence.cuts.parts) if self.evidence else ""

    def lay_out(self, width: int) -> Sequence[Row]:
        if self.evidence is None:
            return [((line, "line--muted"),) for line in wrap(clean(self._reason), width)]
        steady = self.scrollable_content_region.height >= ROOMY
        return list(evidence_rows(self.evidence, self._concepts, self._own_alpha, width, steady=steady))
