"""Layers and their neurons, with the filter line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from engine.requery import LayerAnswer
from mammi_tui.neuron_rows import LAYER_LINE, Neuron, NeuronRows, Order
from mammi_tui.text import clean, count, decimal, fit
from mammi_tui.verdicts import Verdict
from mammi_tui.widgets.line_list import LineList, Part

SCORE_CELLS = 8
VERDICT_MARKS: dict[Verdict, Part] = {
    "accept": ("✓", "line--good"),
    "reject": ("✗", "line--bad"),
    "unsure": ("?", "line--unsure"),
}


class NeuronTree(LineList):
    """One line a layer, and under each open layer one line a neuron."""

    BINDING_GROUP_TITLE = "Neurons"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "open_layer", "Open", show=False, id="neurons.open", tooltip="Open the layer"),
        Binding("h,left", "close_layer", "Close", show=False, id="neurons.close", tooltip="Close the layer"),
        Binding("space,enter", "enter", "Open or close", show=False, id="neurons.toggle",
                tooltip="Open or close a layer; on a neuron go to its concepts"),
    ]  # fmt: skip

    @dataclass
    class Selected(Message):
        """The cursor came to a neuron."""

        neuron: Neuron

    @dataclass
    class Opened(Message):
        """A layer was opened: its answer may be needed."""

        layer: int

    class Left(Message):
        """The reader wants to go on to the neuron's concepts."""

    def __init__(self, rows: NeuronRows, concepts: Iterable[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = rows
        self._concepts = [clean(concept) for concept in concepts]
        self._unit_cells = max((len(str(layer.units - 1)) for layer in rows.layers), default=1)

    def row_count(self) -> int:
        return len(self.rows)

    def columns(self, width: int) -> tuple[int, int, int, int]:
        """Cells of the unit, the concept, the score and the number of representative images."""
        counts = [answer.counts.max(initial=0) for answer in self.rows.answers if answer is not None]
        images = max([6, *(len(f"{number:,}") + 1 for number in counts)])
        unit = self._unit_cells + 3
        return unit, max(4, width - unit - 3 - SCORE_CELLS - images - 1), SCORE_CELLS, images

    def row(self, index: int, width: int) -> Iterable[Part]:
        neuron = self.rows.at(index)
        return self._layer_row(neuron.layer, width) if neuron.unit == LAYER_LINE else self._unit_row(neuron, width)

    def _layer_row(self, layer: int, width: int) -> Iterable[Part]:
        info = self.rows.layers[layer]
        decided, living = self.rows.progress(layer)
        if self.rows.query:
            tail = f"{len(self.rows.matches[layer]):,} found"
        else:
            tail = f"{decided}/{living} decided" if decided else count(info.units, "unit")
        tail = f" {tail} "
        opened = layer in self.rows.open or bool(self.rows.query)
        yield "▾ " if opened else "▸ ", "line--accent"
        yield fit(clean(info.name), max(4, width - 2 - len(tail)), keep_end=True), "line--strong"
        yield tail, "line--faint"

    def _unit_row(self, neuron: Neuron, width: int) -> Iterable[Part]:
        unit_cells, concept_cells, score_cells, image_cells = self.columns(width)
        dead = self.rows.is_dead(neuron)
        mark, mark_style = (" ", "line--faint")
        if verdict := self.rows.verdicts.get(neuron):
            mark, mark_style = VERDICT_MARKS[verdict]
        yield fit(str(neuron.unit), unit_cells, right=True), "line--faint" if dead else "line--muted"
        yield f" {mark} ", mark_style
        if dead:
            yield fit("dead unit", concept_cells), "line--faint"
            yield fit("–", score_cells, right=True) + fit("0", image_cells, right=True) + " ", "line--faint"
            return
        answer = self.rows.answers[neuron.layer]
        if answer is None:
            yield fit("…", concept_cells + score_cells + image_cells + 1), "line--faint"
            return
        best = int(answer.best[neuron.unit])
        annotated = answer.annotated[neuron.unit] > 0
        yield from self._names(neuron, "" if best < 0 else self._concepts[best], annotated, concept_cells)
        score = "–" if best < 0 else decimal(float(answer.best_scores[neuron.unit]))
        yield fit(score, score_cells, right=True), "line--text" if annotated else "line--faint"
        yield fit(f"{answer.counts[neuron.unit]:,}", image_cells, right=True) + " ", "line--muted"

    def _names(self, neuron: Neuron, concept: str, annotated: bool, cells: int) -> Iterable[Part]:
        """The class a final layer's unit stands for, if known, and the unit's best concept."""
        style = "line--text" if annotated else "line--faint"
        names = self.rows.layers[neuron.layer].unit_names
        if not names:
            yield fit(concept or "no image above τ", cells), style
            return
        name = clean(names[neuron.unit])
        name_cells = min(cells, max(cell_len(name) + 1, cells // 2) if cell_len(name) < cells - 6 else cells // 2)
        yield fit(name, name_cells - 1) + " ", "line--strong" if annotated else "line--muted"
        yield fit(concept, cells - name_cells), style

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._tell()

    def _tell(self) -> None:
        if len(self.rows) and (neuron := self.rows.at(self.cursor)).unit != LAYER_LINE:
            self.post_message(self.Selected(neuron))

    def rebuild(self, keep: Neuron | None) -> None:
        """Lays the lines out again with the cursor on the same neuron, or on its layer, if they are still there."""
        self.rows.rebuild()
        self.rows_changed()
        for wanted in (keep, Neuron(keep.layer, LAYER_LINE)) if keep else ():
            if (line := self.rows.line_of(wanted)) is not None:
                self.set_reactive(LineList.cursor, line)
                self.show_row(line)
                return
        self._tell()

    def go_to(self, neuron: Neuron) -> None:
        """Puts the cursor on a neuron, opening its layer."""
        if self.rows.line_of(neuron) is None:
            self.rows.open.add(neuron.layer)
            self.rebuild(neuron)
            self.post_message(self.Opened(neuron.layer))
        if (line := self.rows.line_of(neuron)) is not None:
            if line == self.cursor:
                self._tell()
            self.cursor = line

    def here(self) -> Neuron | None:
        """The line under the cursor, a neuron's or a layer's."""
        return self.rows.at(self.cursor) if len(self.rows) else None

    def action_open_layer(self) -> None:
        here = self.here()
        if here and here.unit == LAYER_LINE and here.layer not in self.rows.open:
            self.rows.open.add(here.layer)
            self.rebuild(here)
            self.post_message(self.Opened(here.layer))
        elif here:
            self.action_cursor_by(1)

    def action_close_layer(self) -> None:
        here = self.here()
        if here is None or self.rows.query:
            return
        if here.unit != LAYER_LINE:
            self.cursor = self.rows.line_of(Neuron(here.layer, LAYER_LINE)) or 0
        elif here.layer in self.rows.open:
            self.rows.open.remove(here.layer)
            self.rebuild(here)

    def action_enter(self) -> None:
        here = self.here()
        if here is None:
            return
        if here.unit != LAYER_LINE:
            self.post_message(self.Left())
        elif here.layer in self.rows.open:
            self.action_close_layer()
        else:
            self.action_open_layer()

    def row_clicked(self, index: int, x: int) -> None:  # noqa: ARG002
        if self.rows.at(index).unit == LAYER_LINE:
            self.action_enter()


class FilterLine(Input):
    """The filter over the neurons."""

    BINDING_GROUP_TITLE = "Filter"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "keep", "Keep", key_display="⏎", id="filter.keep", tooltip="Keep the filter"),
        Binding("escape", "drop", "Clear", key_display="esc", id="filter.clear", tooltip="Clear the filter"),
    ]

    class Kept(Message):
        """The reader goes back to the neurons; the filter stays."""

    def action_keep(self) -> None:
        self.post_message(self.Kept())

    def action_drop(self) -> None:
        self.value = ""
        self.post_message(self.Kept())


class NeuronsPane(Vertical):
    """The tree, its column heads, and the filter line when it is in use."""

    def __init__(self, rows: NeuronRows, concepts: Iterable[str]) -> None:
        super().__init__(id="neurons-pane", classes="pane")
        self.border_title = "1 Neurons"
        self.rows = rows
        self.tree_list = NeuronTree(rows, concepts, id="neurons")

    def compose(self) -> ComposeResult:
        yield FilterLine(placeholder="unit, concept, class, finding, verdict…", id="filter", compact=True)
        yield Static(id="neuron-heads", classes="heads")
        yield self.tree_list

    def on_mount(self) -> None:
        self.query_one(FilterLine).display = False

    def on_resize(self) -> None:
        self.draw_heads()

    def draw_heads(self) -> None:
        """Names the columns and marks the one that sorts."""
        unit, concept, score, images = self.tree_list.columns(max(20, self.tree_list.size.width - 2))
        order = self.rows.order
        cells = [
            fit("unit" + "▴" * (order is Order.UNIT), unit + 1, right=True),
            fit("   best concept", concept + 3),
            fit("score" + "▾" * (order is Order.SCORE), score, right=True),
            fit("images" + "▾" * (order is Order.IMAGES), images, right=True),
        ]
        self.query_one("#neuron-heads", Static).update(Content("".join(cells)))

    def take_answer(self, index: int, answer: LayerAnswer, keep: Neuron | None) -> None:
        """Takes up a layer's numbers, keeping the cursor where it is."""
        self.rows.answers[index] = answer
        if self.rows.query or self.rows.order is not Order.UNIT:
            self.tree_list.rebuild(keep)
        else:
            self.tree_list.refresh()
        self.draw_heads()
        self.draw_subtitle()

    def draw_subtitle(self) -> None:
        """How many neurons the filter leaves, or how they are sorted."""
        if self.rows.query:
            self.border_subtitle = f"{count(self.rows.match_count, 'neuron')} found"
        else:
            self.border_subtitle = f"by {self.rows.order.value}"

    def open_filter(self, text: str | None = None) -> None:
        """Shows the filter line, with a text of its own or as it was."""
        line = self.query_one(FilterLine)
        line.display = True
        if text is not None:
            line.value = text
        line.focus()

    def drop_filter(self) -> None:
        """Clears the filter and hides its line."""
        line = self.query_one(FilterLine)
        line.value = ""
        line.display = False

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.apply_filter(event.value)

    def apply_filter(self, text: str) -> None:
        """Leaves only the neurons in which every word of the text is found."""
        keep = self.tree_list.here()
        self.rows.query = text.strip()
        self.tree_list.rebuild(keep)
        self.draw_subtitle()
        self.post_message(self.Filtered())

    @on(FilterLine.Kept)
    def back_to_tree(self, event: FilterLine.Kept) -> None:
        event.stop()
        line = self.query_one(FilterLine)
        line.display = bool(line.value.strip())
        self.tree_list.focus()

    class Filtered(Message):
        """The filter changed: every layer's answer may be needed."""
