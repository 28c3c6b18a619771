"""A neuron's ranked concepts, with the β cut drawn below the annotated ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from engine.annotation.cuts import Ranking
from engine.requery import NeuronAnswer
from engine.store.records import NUMBERLESS
from mammi_tui.neurons.marks import CONCEPT_MARKS
from mammi_tui.short_names import ShortNames
from mammi_tui.text import decimal, fit, number, wrap
from mammi_tui.verdicts.lines import ConceptMark
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

DIGITS = 4
SCORE_CELLS, Z_CELLS = 8, 6
LEAST_NAME = 14
"""Cells of a name beside two figures; of twice as many, the bar has what a name leaves"""


class ConceptList(LineList):
    """Every concept by score or by z. The bars have one scale within a neuron, as neither is a probability."""

    BINDING_GROUP_TITLE = "Concepts"
    HELP = """
    Every concept of the neuron by concept score, or by z: how far that lies above the scores of random image sets. ▾
    says which. The line is the β cut: the concepts above it are the annotation. The bars have one scale within a
    neuron. ✓ and ✗ are your marks of single concepts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open", "Concept", id="concepts.open",
            tooltip="Where this concept stands in all layers",
        ),
        Binding(
            "f", "find", "Find", show=False, id="concepts.find",
            tooltip="Filter the neurons by this concept",
        ),
        Binding(
            "space", "mark", "Mark", id="concepts.mark",
            tooltip="Mark this concept as right; again: as wrong; again: neither",
        ),
    ]  # fmt: skip

    @dataclass
    class Chosen(Message):
        """The reader wants the neurons that have a concept."""

        concept: int

    @dataclass
    class Opened(Message):
        """The reader wants to see where a concept stands."""

        concept: int

    class Marked(Message):
        """The reader marks the concept under the cursor as right or wrong."""

    def __init__(self, concepts: Sequence[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.concepts = ShortNames(concepts)
        self.answer: NeuronAnswer | None = None
        self._texts = concepts
        self.marks: Mapping[str, ConceptMark] = {}
        """The reader's marks, by the concepts' texts"""
        self._reason: list[str] = []
        """Why there is no concept, in lines"""

    def show(self, answer: NeuronAnswer) -> None:
        """Draws a neuron's ranking. Scrolls to the top if the neuron, the concept set or what they are
        ranked by has changed."""
        before, self.answer = self.answer, answer
        if before is None or _subject(before) != _subject(answer):
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
            self.set_reactive(ConceptList.cursor, 0)
        if not self.can_stand_on(self.cursor):
            self.set_reactive(ConceptList.cursor, 1)
        self.rows_changed()

    def rows_changed(self) -> None:
        width = self.scrollable_content_region.width - 4
        empty = self.answer is not None and not self._ranked
        self._reason = [] if self.answer is None or not empty else list(why_empty(self.answer, width))
        super().rows_changed()

    def mark(self, marks: Mapping[str, ConceptMark]) -> None:
        """Draws the reader's marks beside concepts, by the concepts' texts."""
        if marks != self.marks:
            self.marks = marks
            self.redraw()

    @property
    def _ranked(self) -> int:
        return 0 if self.answer is None else len(self.answer.ranking)

    def row_count(self) -> int:
        return self._ranked + 1 if self._ranked else len(self._reason)

    def can_stand_on(self, index: int) -> bool:
        return self.answer is not None and index != self.answer.annotated and self._ranked > 0

    def on_resize(self) -> None:
        self.rows_changed()
        super().on_resize()

    def row(self, index: int, width: int) -> Iterable[Part]:
        answer = self.answer
        if answer is None:
            return
        if self._reason:
            yield fit(f" {self._reason[index]}", width), "line--muted"
            return
        if index == answer.annotated:
            yield from self._cut(answer, width)
            return
        rank = index if index < answer.annotated else index - 1
        concept = int(answer.ranking[rank])
        value = float(answer.ranked_by[concept])
        annotated = rank < answer.annotated
        rank_cells, name_cells, bar_cells, figures = self._columns(width)
        yield fit(f"{rank + 1}", rank_cells, right=True), "line--faint"
        yield CONCEPT_MARKS.get(self.marks.get(self._texts[concept], "clear"), (" ", "line--faint"))
        yield self.concepts.fit(self.concepts[concept], name_cells), "line--strong" if annotated else "line--muted"
        texts = {
            "score": decimal(float(answer.scores[concept]), DIGITS),
            "z": number(float(answer.z_scores[concept]), 1),
        }
        shown = "".join(fit(texts[name], cells, right=True) for name, cells in figures.items())
        yield shown + " ", "line--text" if annotated else "line--muted"
        first, last = answer.ranking[[0, -1]]
        low, high = min(0.0, float(answer.ranked_by[last])), max(0.0, float(answer.ranked_by[first]))
        yield bar(value, low, high, bar_cells), "line--bar" if annotated else "line--bar-below"

    def heads(self, width: int) -> str:
        """The names of the columns, in `width` cells; blank where there are no concepts."""
        if self._reason:
            return fit("", width)
        rank, name, _, figures = self._columns(width)
        heads = (
            fit(f"{'▾' * (figure == self._ranking)}{figure}", cells, right=True) for figure, cells in figures.items()
        )
        return fit("", rank + 2) + fit("concept", name) + "".join(heads)

    @property
    def _ranking(self) -> Ranking:
        return "score" if self.answer is None else self.answer.cuts.ranking

    def _columns(self, width: int) -> tuple[int, int, int, dict[str, int]]:
        """The cells of the rank, the concept and the bar, and those of the score and z; without room for both, of the
        one that ranks."""
        rank = len(str(len(self.concepts)))
        figures = {"score": SCORE_CELLS, "z": Z_CELLS}
        if width - rank - 3 - sum(figures.values()) < min(self.concepts.longest, LEAST_NAME):
            figures = {self._ranking: figures[self._ranking]}
        left = width - rank - sum(figures.values()) - 2
        share = left - 1 if left < 2 * LEAST_NAME else max(left * 3 // 5, left - 40)
        name = max(6, min(self.concepts.longest, share))
        return rank, name, max(0, left - name - 1), figures

    def _cut(self, answer: NeuronAnswer, width: int) -> Iterable[Part]:
        by_z = answer.cuts.ranking == "z"
        cut = f" β cut {f'z {number(answer.cut, 1)}' if by_z else decimal(answer.cut, DIGITS)}"
        if answer.annotated:
            text = f"{cut} · {answer.annotated:,} above "
        elif answer.cut > 0:
            text = f"{cut} · nothing above "
        else:
            text = f" no {answer.cuts.ranking} above 0 "
        left = 2
        yield "─" * left, "line--accent"
        yield fit(text, min(width - left, len(text))), "line--accent"
        yield "─" * max(0, width - left - len(text)), "line--accent"

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()

    def here(self) -> int | None:
        """The concept under the cursor; None if there is none."""
        if self.answer is None or not self._ranked:
            return None
        rank = self.cursor if self.cursor < self.answer.annotated else self.cursor - 1
        return int(self.answer.ranking[rank])

    def action_open(self) -> None:
        if (concept := self.here()) is not None:
            self.post_message(self.Opened(concept))

    def action_find(self) -> None:
        if (concept := self.here()) is not None:
            self.post_message(self.Chosen(concept))

    def action_mark(self) -> None:
        self.post_message(self.Marked())


def why_empty(answer: NeuronAnswer, width: int) -> Iterator[str]:
    """The reason why a neuron has no concepts, in lines of `width` cells."""
    tau = decimal(answer.threshold, 4)
    if answer.dead:
        same = f"its activation is {tau} on every image of the probing set"
        yield from wrap(f"A dead unit: {NUMBERLESS if answer.why_dead == NUMBERLESS else same}.", width)
        yield ""
        yield from wrap("No image stands out, so there are no representative images and nothing to annotate.", width)
    else:
        yield from wrap(f"No image lies above τ = {tau}.", width)
        yield ""
        yield from wrap("Lower α to take in the strongest ones.", width)


def _subject(answer: NeuronAnswer) -> tuple[str, int, str | None, Ranking]:
    return answer.layer, answer.unit, answer.cuts.concept_set, answer.cuts.ranking


def bar(value: float, low: float, high: float, cells: int) -> str:
    """A bar from 0 to `value`, in halves of a cell, on the scale of a neuron's scores: low ≤ 0 ≤ high.

    Bars of negative scores grow to the left of an axis, in at most a quarter of the cells; ◂ ends a bar that is cut.
    """
    if cells < 4 or high <= low:
        return " " * cells
    axis = "│" if low < 0 else ""
    cells -= len(axis)
    left = cells
    if high > 0:
        left = max(1, min(cells // 4, round(cells * -low / (high - low)))) if low < 0 else 0
    full, full_cells = (high, cells - left) if high > 0 else (-low, left)
    share = min(abs(value) / full, 2 * cells)  # of the longest bar; bounded, as that may be nearly 0
    halves = round(2 * full_cells * share)
    if value >= 0:
        body = "━" * (halves // 2) + "╸" * (halves % 2)
        return " " * left + axis + body.ljust(cells - left)
    body = "╺" * (halves % 2) + "━" * (halves // 2) if halves <= 2 * left else "◂" + "━" * (left - 1)
    return body.rjust(left) + axis + " " * (cells - left)
