"""The check-up view: what a careful colleague would look at first, a line for each check."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.decisions.checkup.names import CHECK_NAMES
from engine.store.reader import RunReader
from mammi_tui.handing_on.table import Table
from mammi_tui.questions.checkup import CheckAnswered, CheckUpAsker
from mammi_tui.questions.desk import LookingAt
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.subjects import ClassSubject, RunSubject
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.checkup_list import CheckList


class CheckUpBody(ViewBody):
    """Findings appear as they come; at other cuts those from before are dimmed until their successors come."""

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.list = CheckList(id="checkup")

    def compose(self) -> ComposeResult:
        yield self.list

    @on(CheckAnswered)
    def show_finding(self, message: CheckAnswered) -> None:
        self.list.take(message.question.check, message.finding)
        self.changed()

    @on(LookingAt)
    def begin_anew(self, message: LookingAt) -> None:
        if self.list.cuts != message.sight.cuts:
            self.list.begin(message.sight.cuts)
            self.changed()
        if isinstance(message.sight.subject, RunSubject):
            self.list.set_out()
            self.shown = message.sight
            self.changed()

    @on(CheckList.Opened)
    def lead_on(self, event: CheckList.Opened) -> None:
        event.stop()
        line = event.line
        if line.finding is None:
            return
        if line.finding.classes:
            self.post_message(self.SubjectWanted(ClassSubject(line.finding.classes[0])))
        elif line.finding.neurons and line.check.name in CHECK_NAMES:
            self.post_message(self.FilterWanted(f"check:{line.check.name}"))

    def subtitle(self, room: int) -> str:
        left = self.list.unanswered
        if left:
            return f"{left} of {len(self.list.lines)} still being looked at"
        found = sum(bool(line.finding and line.finding.found) for line in self.list.lines)
        told = f"{found} of {len(self.list.lines)} found something"
        return f"{told} · Enter: its neurons" if room >= 50 else told

    def table(self) -> Table | None:
        columns = {
            "check": "VARCHAR",
            "found": "INTEGER",
            "among": "INTEGER",
            "says": "VARCHAR",
            "neurons": "VARCHAR[]",
        }
        rows = [
            (
                *(line.check.name, line.finding.found, line.finding.among),
                *(line.finding.says, [f"{layer}:{unit}" for layer, unit in line.finding.neurons]),
            )
            for line in self.list.lines
            if line.finding is not None
        ]
        return Table("check-up", columns, rows) if rows else None


def _the_run(looking: Looking) -> RunSubject:  # noqa: ARG001
    return RunSubject()


CHECKUP = View(
    name="checkup",
    title="Check-up",
    purpose="What to look at first in this run, in eleven lines",
    body=CheckUpBody,
    takes=(RunSubject,),
    asks=(CheckUpAsker,),
    key="D",
    instead=_the_run,
    room="whole",
)
