"""The pane about one neuron: its ranked concepts, its evidence, or what each method says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine.evidence.answers import NeuronEvidence
from engine.requery import NeuronAnswer
from engine.store.contents import ConceptSet
from mammi_tui.neurons.figures import TRUST_MARKS, TRUST_WORDS
from mammi_tui.neurons.rows import VERDICT_WORDS
from mammi_tui.neurons.tree import VERDICT_MARKS
from mammi_tui.neurons.verdicts import Verdict
from mammi_tui.text import clean, decimal, fit
from mammi_tui.views.concept_list import ConceptList
from mammi_tui.views.evidence_sheet import EvidenceSheet
from mammi_tui.views.method_columns import MethodColumn
from mammi_tui.views.methods_sheet import MethodsSheet
from mammi_tui.views.summary import Summary

View = Literal["concepts", "evidence", "methods"]
VIEWS: tuple[View, ...] = ("concepts", "evidence", "methods")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at; names as they are in the run."""

    neuron: str
    """`layer:unit`"""
    class_name: str
    """The class that a final layer's unit stands for, or "" """
    concept_set: str | None


class ConceptsPane(Vertical):
    """Three views, of which `view` is shown. The title names the neuron of what is shown, be it an earlier one whose
    successor is on its way. With several concept sets it says which one competes."""

    DEFAULT_CSS = """
    ConceptsPane {
        .heads, #concepts-reason, #concepts, #summary, #evidence, #methods { display: none; }
        &.-concepts .heads, &.-concepts #concepts { display: block; }
        &.-concepts.-empty .heads { display: none; }
        &.-concepts.-empty #concepts-reason { display: block; }
        &.-evidence #evidence, &.-methods #methods { display: block; }
    }
    """

    def __init__(self, concepts: Sequence[str], sets: Sequence[ConceptSet], own_alpha: float) -> None:
        super().__init__(id="concepts-pane", classes="pane")
        self.view: View = "concepts"
        self.ranking = ConceptList(concepts, id="concepts")
        self.evidence = EvidenceSheet(self.ranking.concepts, own_alpha, id="evidence")
        self.methods = MethodsSheet(id="methods")
        self.summary = Summary(id="summary")
        self._subjects: dict[View, Subject] = {}
        self._sizes: dict[str | None, int] = {
            None: len(concepts),
            **{known.name: len(known.concepts) for known in sets},
        }
        self._annotated = ""
        self._verdict: Verdict | None = None
        self._reason = Static(id="concepts-reason", classes="reason", markup=False)
        self._heads = Static(classes="heads", markup=False)

    def compose(self) -> ComposeResult:
        yield self._heads
        yield self._reason
        yield self.ranking
        yield self.summary
        yield self.evidence
        yield self.methods

    def on_mount(self) -> None:
        self.turn_to(self.view)

    def on_resize(self) -> None:
        self._draw_borders()
        self._heads.update(self.ranking.heads(max(1, self.ranking.size.width - 1)))

    @property
    def reading(self) -> Widget:
        """What takes the keys."""
        return {"concepts": self.ranking, "evidence": self.evidence, "methods": self.methods}[self.view]

    def turn_to(self, view: View) -> None:
        self.view = view
        for name in VIEWS:
            self.set_class(name == view, f"-{name}")
        self._draw_borders()

    def show(self, answer: NeuronAnswer, subject: Subject, verdict: Verdict | None) -> None:
        """Shows the ranking of a neuron, and what was judged of it."""
        self._subjects["concepts"] = subject
        self._verdict = verdict
        self._annotated = f"{answer.annotated:,} of {self._sizes[answer.cuts.concept_set]:,} annotated"
        self.ranking.show(answer)
        empty = not len(answer.ranking)
        self.set_class(empty, "-empty")
        if empty:
            self._reason.update(why_empty(answer))
        if self._subjects.get("evidence") != subject:
            self.summary.show(None)
        self._draw_borders()

    def show_evidence(self, evidence: NeuronEvidence | None, reason: str, subject: Subject) -> None:
        """Shows a neuron's evidence, or why it cannot be had."""
        self._subjects["evidence"] = subject
        self.evidence.show(evidence, reason)
        self.summary.show(evidence if self._subjects.get("concepts") == subject else None)
        self._draw_borders()

    def show_methods(self, columns: Sequence[MethodColumn], reason: str, subject: Subject) -> None:
        """Shows what the methods say of a neuron, as far as it is known."""
        self._subjects["methods"] = subject
        self.methods.show(columns, reason)
        self._draw_borders()

    def dim(self, *, evidence: bool, methods: bool) -> None:
        """Marks what is not at the neuron, α or β looked at."""
        self.evidence.stale = self.summary.stale = evidence
        self.methods.stale = methods
        self._draw_borders()

    @on(MethodsSheet.Moved)
    def _draw_borders(self) -> None:
        subject = self._subjects.get(self.view) or self._subjects.get("concepts")
        if subject is None:
            return
        self.border_title = Content(self._title(subject))
        words = [f"{VERDICT_MARKS[self._verdict][0]} {VERDICT_WORDS[self._verdict]}"] if self._verdict else []
        match self.view:
            case "concepts":
                words += [self._trust_word(), self._annotated]
                if cell_len(" · ".join(words)) > self.size.width - 4:
                    words[-2] = words[-2].partition(" ")[0]
            case "evidence":
                words.append(self.evidence.cuts)
            case "methods":
                words.append(self.methods.place)
        if isinstance(self.reading, EvidenceSheet | MethodsSheet) and self.reading.stale:
            words.append("computing …")
        self.border_subtitle = Content(" · ".join(filter(None, words)))

    def _trust_word(self) -> str:
        evidence = self.summary.evidence
        return f"{TRUST_MARKS[evidence.trust][0]} {TRUST_WORDS[evidence.trust]}" if evidence else ""

    def _title(self, subject: Subject) -> str:
        """The neuron with its class and the concept set with its size where they fit; else the end of the neuron's
        name, as the unit is there, and the beginning of the set's."""
        full, short = f"2 {self.view.title()} of ", "2 "
        neuron = clean(subject.neuron)
        name = size = ""
        if len(self._sizes) > 2:
            name = f" · {clean(subject.concept_set or 'all sets')}"
            size = f" ({self._sizes[subject.concept_set]:,})"
        choices = (
            f"{full}{neuron} {clean(subject.class_name)}".rstrip() + name + size,
            f"{full}{neuron}{name}{size}",
            f"{short}{neuron}{name}{size}",
            f"{short}{neuron}{name}",
        )
        room = self.size.width - 4
        return next((title for title in choices if cell_len(title) <= room), _cut_title(short, neuron, name, room))


def _cut_title(short: str, neuron: str, set_name: str, room: int) -> str:
    """A title of `room` cells, half of them the concept set's where both names are long."""
    set_cells = min(cell_len(set_name), max(room // 2, room - cell_len(short + neuron)))
    return short + fit(neuron, room - len(short) - set_cells, keep_end=True) + fit(set_name, set_cells)


def why_empty(answer: NeuronAnswer) -> str:
    """Why a neuron has no concepts."""
    tau = decimal(answer.threshold, 4)
    if answer.dead:
        return (
            f"A dead unit: its activation is {tau} on every image of the probing set.\n\n"
            "No image stands out, so there are no representative images and nothing to annotate."
        )
    return f"No image lies above τ = {tau}.\n\nLower α to take in the strongest ones."
