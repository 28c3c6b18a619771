"""The pane around the ranked concepts: whose they are, and why there may be none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.requery import NeuronAnswer
from engine.store.contents import ConceptSet
from mammi_tui.neuron_rows import VERDICT_WORDS
from mammi_tui.panes.concepts import ConceptList
from mammi_tui.panes.neuron_tree import VERDICT_MARKS
from mammi_tui.text import clean, decimal, fit
from mammi_tui.verdicts import Verdict

TITLES = ("2 Concepts of ", "2 ")


class ConceptsPane(Vertical):
    """The ranking, or a sentence in its place. With several concept sets the title says which one competes."""

    def __init__(self, concepts: Sequence[str], sets: Sequence[ConceptSet]) -> None:
        super().__init__(id="concepts-pane", classes="pane")
        self.ranking = ConceptList(concepts, id="concepts")
        self._neuron = self._class = self._set_name = self._competing = ""
        self._sizes: dict[str | None, int] = {
            None: len(concepts),
            **{known.name: len(known.concepts) for known in sets},
        }
        self._reason = Static(id="concepts-reason", classes="reason", markup=False)
        self._heads = Static(classes="heads", markup=False)

    def compose(self) -> ComposeResult:
        yield self._heads
        yield self._reason
        yield self.ranking

    def on_mount(self) -> None:
        self._reason.display = False

    def on_resize(self) -> None:
        self._draw_title()
        self._heads.update(self.ranking.heads(max(1, self.ranking.size.width - 1)))

    def show(self, answer: NeuronAnswer, neuron: str, class_name: str, verdict: Verdict | None) -> None:
        """Shows the ranking of a neuron, and what was judged of it."""
        self._neuron, self._class = clean(neuron), clean(class_name)
        size = self._sizes[answer.concept_set]
        if len(self._sizes) > 2:
            self._set_name, self._competing = f" · {clean(answer.concept_set or 'all sets')}", f" ({size:,})"
        self._draw_title()
        annotated = f"{answer.annotated:,} of {size:,} annotated"
        judged = f"{VERDICT_MARKS[verdict][0]} {VERDICT_WORDS[verdict]} · " if verdict else ""
        self.border_subtitle = judged + annotated
        self.ranking.show(answer)
        empty = not len(answer.ranking)
        self._reason.display = empty
        self._heads.display = not empty
        if empty:
            self._reason.update(why_empty(answer))

    def _draw_title(self) -> None:
        """The neuron with its class and the concept set with its size where they fit; else the end of the neuron's
        name, as the unit is there, and the beginning of the set's."""
        full, short = TITLES
        neuron, of_set = self._neuron, self._set_name + self._competing
        choices = (
            f"{full}{neuron} {self._class}".rstrip() + of_set,
            f"{full}{neuron}{of_set}",
            f"{short}{neuron}{of_set}",
            f"{short}{neuron}{self._set_name}",
        )
        room = self.size.width - 4
        self.border_title = Content(next((title for title in choices if cell_len(title) <= room), self._cut(room)))

    def _cut(self, room: int) -> str:
        """A title of `room` cells, half of them the concept set's where both names are long."""
        short, neuron = TITLES[1], self._neuron
        set_cells = min(cell_len(self._set_name), max(room // 2, room - cell_len(short + neuron)))
        return short + fit(neuron, room - len(short) - set_cells, keep_end=True) + fit(self._set_name, set_cells)


def why_empty(answer: NeuronAnswer) -> str:
    """Why a neuron has no concepts."""
    tau = decimal(answer.threshold, 4)
    if answer.dead:
        return (
            f"A dead unit: its activation is {tau} on every image of the probing set.\n\n"
            "No image stands out, so there are no representative images and nothing to annotate."
        )
    return f"No image lies above τ = {tau}.\n\nLower α to take in the strongest ones."
