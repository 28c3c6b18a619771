"""The evidence view: how far a neuron's words can be trusted, read from top to bottom."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.store.reader import RunReader
from mammi_tui.handing_on.table import Table
from mammi_tui.neurons.evidence_lines import lines
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.evidence import EvidenceAnswered, EvidenceAsker
from mammi_tui.short_names import ShortNames
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.evidence_help import HELP
from mammi_tui.views.evidence_sheet import EvidenceSheet


class EvidenceBody(ViewBody):
    """Shows the latest evidence, or the reason why there is none."""

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.sheet = EvidenceSheet(ShortNames(reader.concepts), reader.info.alpha, id="evidence")

    def compose(self) -> ComposeResult:
        yield self.sheet

    @on(EvidenceAnswered)
    def show_evidence(self, message: EvidenceAnswered) -> None:
        self.shown = message.question.sight
        self.sheet.show(message.evidence, message.reason)
        self.changed()

    def table(self) -> Table | None:
        evidence = self.sheet.evidence
        if evidence is None:
            return None
        columns = {"figure": "VARCHAR", "meaning": "VARCHAR", "value": "VARCHAR"}
        found = [(line.column.name, line.title, line.text) for line in lines(evidence, self.reader.concepts)]
        return Table("evidence", columns, [("sentence", "How far the words can be trusted", evidence.sentence), *found])

    @property
    def shows_evidence(self) -> bool:
        return self.sheet.evidence is not None and not self.is_old

    def dim(self, old: bool) -> None:
        self.stale = self.sheet.stale = old

    def subtitle(self, room: int) -> str:  # noqa: ARG002
        return self.sheet.cuts


EVIDENCE = View(
    name="evidence",
    title="Evidence",
    purpose="How far the neuron's words can be trusted",
    body=EvidenceBody,
    takes=(Neuron,),
    asks=(EvidenceAsker,),
    key="e",
    room="wide",
    help=HELP,
)
