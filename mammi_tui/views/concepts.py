"""The concepts view: a neuron's concepts by score or by z, and below them how far they can be trusted."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult

from engine.store.reader import RunReader
from mammi_tui.handing_on.table import Table
from mammi_tui.neurons.figures import TRUST_MARKS, TRUST_WORDS
from mammi_tui.neurons.filter.completion import written
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.evidence import EvidenceAnswered
from mammi_tui.questions.neuron import NeuronAnswered, NeuronAsker
from mammi_tui.questions.subjects import ConceptSubject
from mammi_tui.text import clean
from mammi_tui.verdicts.lines import ConceptMark
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.summary import Summary
from mammi_tui.widgets.heads import Heads


class ConceptsBody(ViewBody):
    """The ranking, and the summary where the screen is tall."""

    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.ranking = ConceptList(reader.concepts, id="concepts")
        self.summary = Summary(classes="tall-only")
        self._heads = Heads(self.ranking, self.ranking.heads)
        self._annotated = ""
        self._evidence: EvidenceAnswered | None = None
        self._sizes = {None: len(reader.concepts)} | {found.name: len(found.concepts) for found in reader.concept_sets}

    def compose(self) -> ComposeResult:
        yield self._heads
        yield self.ranking
        yield self.summary

    @on(NeuronAnswered)
    def show_ranking(self, message: NeuronAnswered) -> None:
        answer = message.answer
        self.shown = message.question.sight
        self._annotated = f"{answer.annotated:,} of {self._sizes[answer.cuts.concept_set]:,} annotated"
        self.ranking.show(answer)
        self._heads.redraw()
        if self._evidence is None or not self.shown.names_the_same(self._evidence.question.sight):
            self.summary.show(None)
        self.changed()

    @on(EvidenceAnswered)
    def show_summary(self, message: EvidenceAnswered) -> None:
        self._evidence = message
        ranked = message.question.sight.names_the_same(self.shown)
        self.summary.show(message.evidence if ranked else None)
        self.changed()

    @on(ConceptList.Opened)
    def look_at_concept(self, event: ConceptList.Opened) -> None:
        event.stop()
        self.post_message(self.SubjectWanted(ConceptSubject(event.concept)))

    @on(ConceptList.Chosen)
    def filter_by(self, event: ConceptList.Chosen) -> None:
        event.stop()
        concept = clean(self.reader.concepts[event.concept])
        self.post_message(self.FilterWanted(f"concept:{written(concept)}"))

    def table(self) -> Table | None:
        answer = self.ranking.answer
        if answer is None:
            return None
        columns = {
            "rank": "INTEGER",
            "concept": "VARCHAR",
            "score": "DOUBLE",
            "z": "DOUBLE",
            "annotated": "BOOLEAN",
            "mark": "VARCHAR",
        }
        concepts, marks = self.reader.concepts, self.ranking.marks
        rows = [
            (
                *(place + 1, name, float(answer.scores[concept]), float(answer.z_scores[concept])),
                *(place < answer.annotated, marks.get(name)),
            )
            for place, concept in enumerate(answer.ranking.tolist())
            for name in (concepts[concept],)
        ]
        return Table("concepts", columns, rows)

    def mark(self, marks: Mapping[str, ConceptMark]) -> None:
        self.ranking.mark(marks)

    @property
    def shows_evidence(self) -> bool:
        return self.summary.evidence is not None and not self.is_old

    @property
    def is_old(self) -> bool:
        """The ranking comes at once. What may be old is the summary."""
        return self._evidence is not None and self._evidence.question.sight != self.sight

    def dim(self, old: bool) -> None:
        self.summary.stale = old

    def subtitle(self, room: int) -> str:
        evidence = self.summary.evidence
        if evidence is None:
            return self._annotated
        mark, word = TRUST_MARKS[evidence.trust][0], TRUST_WORDS[evidence.trust]
        short = self._annotated.removesuffix(" annotated")
        texts = (f"{mark} {word} · {self._annotated}", f"{mark} · {self._annotated}", f"{mark} · {short}")
        return next((text for text in texts if cell_len(text) <= room), mark)


CONCEPTS = View(
    name="concepts",
    title="Concepts",
    purpose="The neuron's concepts, by concept score or by z",
    body=ConceptsBody,
    takes=(Neuron,),
    asks=(NeuronAsker,),
)
