"""The methods view: what each method says about a neuron, side by side."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from engine.evidence.written import number_or_none
from engine.store.reader import RunReader
from mammi_tui.handing_on.table import Table
from mammi_tui.neurons.rows import Neuron
from mammi_tui.notes import Note
from mammi_tui.questions.methods import MethodAnswered, MethodsAsker, MethodsListed
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.method_columns import MethodColumn
from mammi_tui.views.methods_sheet import MethodsSheet

FIRST_OF_A_LAYER = "being computed; the first of a layer may take seconds"
HELP = Note(
    "Methods side by side",
    (
        ("air³", "A concept in the annotations of three methods. Each method's annotation stands above its line."),
        ("score", "Each method has a scale of its own: compare within a column."),
        ("p", "Only in methods that test for significance."),
        ("α and β", "MAMMI follows both. Other methods select images in their own way, and may have their own cut."),
    ),
)


class MethodsBody(ViewBody):
    """Shows the present neuron's columns as soon as one has come, and until then those of the neuron before."""

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.sheet = MethodsSheet(id="methods")
        self._titles: dict[str, str] = {}
        self._answers: dict[str, MethodAnswered] = {}
        """The last answer of each method"""

    def compose(self) -> ComposeResult:
        yield self.sheet

    @on(MethodsListed)
    def take_titles(self, message: MethodsListed) -> None:
        self._titles = message.titles
        self._draw()
        self.changed()

    @on(MethodAnswered)
    def take_answer(self, message: MethodAnswered) -> None:
        self._answers[message.question.method] = message
        self._draw()
        self.changed()

    @on(MethodsSheet.Moved)
    def other_columns(self, event: MethodsSheet.Moved) -> None:
        event.stop()
        self.changed()

    @property
    def is_old(self) -> bool:
        return not all(self._is_current(method) for method in self._titles)

    def _is_current(self, method: str) -> bool:
        answer = self._answers.get(method)
        return answer is not None and answer.question.sight == self.sight

    def dim(self, old: bool) -> None:
        """Dims another neuron's columns all together, and columns at other cuts one by one."""
        of_neuron = self._draw()
        self.stale = self.sheet.stale = old and bool(self._answers) and not of_neuron

    def _draw(self) -> bool:
        """Draws the neuron's columns. False where none has come yet: the sheet then stays as it is."""
        subject = self.sight.subject if self.sight else None
        found = {name: said for name, said in self._answers.items() if said.question.neuron == subject}
        if not found or not self._titles:
            return False
        columns = []
        for name, title in self._titles.items():
            if said := found.get(name):
                stale = self.impatient and not self._is_current(name)
                columns.append(MethodColumn(title, said.answer, said.reason, stale))
            else:
                columns.append(MethodColumn(title, reason=FIRST_OF_A_LAYER if self.impatient else "…"))
        self.shown = self.sight
        self.sheet.show(columns)
        return True

    def table(self) -> Table | None:
        columns = {
            "method": "VARCHAR",
            "rank": "INTEGER",
            "concept": "VARCHAR",
            "score": "DOUBLE",
            "annotated": "BOOLEAN",
            "p_value": "DOUBLE",
            "detail": "VARCHAR",
        }
        rows = [
            (
                *(name, place + 1, concept, float(answer.scores[place]), place < answer.annotated),
                None if answer.p_values is None else number_or_none(answer.p_values[place]),
                answer.details[place] or None if answer.details else None,
            )
            for name, said in self._answers.items()
            if self._is_current(name) and (answer := said.answer)
            for place, concept in enumerate(answer.concepts)
        ]
        return Table("methods", columns, rows) if rows else None

    def subtitle(self, room: int) -> str:  # noqa: ARG002
        return self.sheet.place


METHODS = View(
    name="methods",
    title="Methods",
    purpose="Methods side by side: what each says about the neuron",
    body=MethodsBody,
    takes=(Neuron,),
    asks=(MethodsAsker,),
    key="m",
    room="whole",
    help=HELP,
)
