"""The pane around the ranked concepts: what neuron they are of, and why there may be none."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.requery import NeuronAnswer
from mammi_tui.panes.concepts import ConceptList
from mammi_tui.text import decimal


class ConceptsPane(Vertical):
    """The ranking, or a sentence in its place."""

    def __init__(self, concepts: Sequence[str]) -> None:
        super().__init__(id="concepts-pane", classes="pane")
        self.border_title = "2 Concepts"
        self.ranking = ConceptList(concepts, id="concepts")
        self._reason = Static(id="concepts-reason", classes="reason", markup=False)
        self._heads = Static(id="concept-heads", classes="heads", markup=False)

    def compose(self) -> ComposeResult:
        yield self._heads
        yield self.ranking
        yield self._reason

    def on_mount(self) -> None:
        self._reason.display = False

    def on_resize(self) -> None:
        self._heads.update(self.ranking.heads(max(1, self.ranking.size.width - 1)))

    def show(self, answer: NeuronAnswer) -> None:
        """Shows one neuron's ranking."""
        self.ranking.show(answer)
        empty = not len(answer.ranking)
        self._reason.display = empty
        self._heads.display = not empty
        if empty:
            self._reason.update(Content(why_empty(answer)))


def why_empty(answer: NeuronAnswer) -> str:
    """Why a neuron has no concepts."""
    tau = decimal(answer.threshold, 4)
    if answer.dead:
        return (
            f"A dead unit: its activation is {tau} on every image of the probing set.\n\n"
            "No image stands out, so there are no representative images and nothing to annotate."
        )
    return f"No image lies above τ = {tau}.\n\nLower α to take in the strongest ones."
