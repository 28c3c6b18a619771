"""The tree of layers and their neurons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.requery import LayerAnswer
from mammi_tui.neurons.filter.reason import Where
from mammi_tui.neurons.heads import WIDE, Columns, Head, columns, heads
from mammi_tui.neurons.layer_line import layer_line
from mammi_tui.neurons.order import BY_FINDING
from mammi_tui.neurons.row_names import RowNames
from mammi_tui.neurons.rows import LAYER_LINE, Neuron, NeuronRows
from mammi_tui.neurons.second_reading import others_parts
from mammi_tui.neurons.unit_marks import trust_mark, verdict_mark
from mammi_tui.text import clean, fit
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

BESIDE_CLASS, BESIDE_REASON = 11, 5
"""Cells that a best concept keeps beside a long class, and beside the reason why the filter finds its neuron"""
NEAR = 50
"""Lines that the cursor looks at for a place when its own goes away"""


class Names(NamedTuple):
    """What a neuron's line says, clean."""

    concept: str
    finding: str = ""


class NeuronTree(LineList):
    """One line for each layer, and below an open layer one line for each of its neurons."""

    BINDING_GROUP_TITLE = "Neurons"
    HELP = """
    Layers and their neurons: your verdict (✓ accepted, ✗ rejected, ? unsure; ⊞ ⊠ ⊡ where you judged other words than
    those on screen), the grade of the evidence (● strong, ◐ fair, ○ weak, ◌ unsupported), the class if the layer has
    classes, the best concept or your own label in italics, its score, and the number of representative images. All of
    it follows α and β.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "open_layer", "Open", show=False, id="neurons.open", tooltip="Open the layer"),
        Binding("h,left", "close_layer", "Close", show=False, id="neurons.close", tooltip="Go to or close the layer"),
        Binding("space,enter", "enter", "Open or close", show=False, id="neurons.enter",
                tooltip="Open or close a layer; from a neuron, go to its view"),
        Binding("s", "screen.sort", "Sort", id="neurons.sort",
                tooltip="Sort: a letter for each order, the same again for the other direction"),
    ]  # fmt: skip

    DEFAULT_CSS = """
    NeuronTree { overflow-y: auto; }
    """

    @dataclass
    class Selected(Message):
        """The cursor has come to a neuron."""

        neuron: Neuron
        step: bool
        """Whether its line is next to the one that the cursor was on"""
        asked: bool = True
        """Whether the reader moved the cursor or changed the lines; False where only numbers arrived"""

    class Opened(Message):
        """A layer was opened: it may need an answer."""

    class Left(Message):
        """The reader goes on to the view of the neuron."""

    def __init__(self, rows: NeuronRows, concepts: Iterable[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = rows
        self._names = RowNames(rows, concepts)
        rows.lines_on_screen = self._lines_on_screen

    # Lines

    def row_count(self) -> int:
        return len(self.rows)

    def _lines_on_screen(self) -> range:
        """The lines that are on screen; before the first layout those near the cursor."""
        height = self.scrollable_content_region.height
        first = self.scroll_offset.y if height else self.cursor - NEAR
        return range(max(0, first), min(first + (height or 2 * NEAR), len(self.rows)))

    def head_of(self, index: int) -> int:
        """The line of a neuron's layer."""
        return index if self.rows.is_layer_line(index) else self.rows.line_of_layer(index)

    def columns(self, width: int) -> Columns:
        """How the columns share `width` cells."""
        return columns(self.rows, self._names, width)

    def heads(self, width: int) -> list[Head]:
        """The heads of the columns of rows of the given width."""
        return heads(self.rows, self.columns(width))

    def row(self, index: int, width: int) -> Iterable[Part]:
        neuron = self.rows.at(index)
        return (
            layer_line(self.rows, self._names, neuron.layer, width)
            if neuron.unit == LAYER_LINE
            else self._unit_row(neuron, width)
        )

    def _unit_row(self, neuron: Neuron, width: int) -> Iterable[Part]:
        columns = self.columns(width)
        mark, mark_style = verdict_mark(self.rows, neuron)
        trust, trust_style = trust_mark(self.rows, neuron)
        yield fit(str(neuron.unit), columns.unit, right=True), "line--faint"
        yield f" {mark}", mark_style
        yield from others_parts(self.rows, neuron)
        yield fit(trust if columns.trust else "", columns.trust + 1), trust_style
        found = self.rows.found(neuron)
        if found is None or self.rows.is_dead(neuron):
            numberless = neuron.unit in self.rows.layers[neuron.layer].numberless
            state = ("no numbers" if numberless else "dead unit") if found else "…"
            own = self._names.label_of(neuron)
            concept_style = "line--own" if own else "line--dead"
            yield from self._names_of(neuron, Names(own or state), columns, width, "line--dead", concept_style)
            numbers = fit("–", columns.score, right=True) + fit("0", columns.images, right=True) + " "
            yield numbers if found else fit("", len(numbers)), "line--dead"
            return
        answer, place = found
        best = int(answer.best[place])
        annotated = bool(answer.words.of_unit(place))
        concept = "no image above τ" if best < 0 else self._names.concepts[best]
        style = "line--text" if annotated else "line--faint"
        finding = clean(self.rows.findings[neuron.layer][neuron.unit])
        name_style = "line--strong" if annotated else "line--muted"
        own = self._names.label_of(neuron)
        concept_style = "line--own" if own else style
        yield from self._names_of(neuron, Names(own or concept, finding), columns, width, name_style, concept_style)
        figure = "–" if best < 0 else self._figure(neuron, answer, place)
        yield fit(figure, columns.score, right=True), style
        yield fit(f"{answer.counts[place]:,}", columns.images, right=True) + " ", "line--muted"

    def _reason(self, neuron: Neuron, *, with_finding: bool) -> str:
        """Why the filter finds the neuron, or the finding that sorts, where nothing else in its line shows it."""
        finding = "" if with_finding else clean(self.rows.findings[neuron.layer][neuron.unit])
        found = self.rows.reason(neuron) if self.rows.query else None
        if self.rows.order is BY_FINDING and finding:
            return finding
        match found.where if found else None:
            case Where.CONCEPT:
                return f"+{self._names.concepts[found.concept]}" if found else ""
            case Where.FINDING:
                return finding
            case Where.NOTE:
                return f"note: {clean(self.rows.note_of(neuron))}"
            case _:
                return ""

    def _figure(self, neuron: Neuron, answer: LayerAnswer, place: int) -> str:
        """The figure in the column of scores. The answer holds the neuron at this place."""
        figure, rows, layer = self.rows.figure, self.rows, neuron.layer
        values = figure.values(answer, rows.evidence[layer], rows.matters[layer] if rows.matters else None)
        return "…" if values is None else figure.shown(float(values[place if figure.of_answer else neuron.unit]))

    def _names_of(
        self, neuron: Neuron, said: Names, columns: Columns, width: int, name_style: str, style: str
    ) -> Iterable[Part]:
        """The class that a final layer's unit stands for, if the run names it, the unit's best concept or the
        reader's label, the reason why it is found, and its finding.

        Where all do not fit, the finding is left out: it seldom says more than the class, and less than the reason.
        """
        names, cells = self._names.units[neuron.layer], columns.concept
        with_finding = bool(columns.finding) and (width >= WIDE or not names)
        reason = self._reason(neuron, with_finding=with_finding)
        if reason and not names and cell_len(said.concept) + 1 + cell_len(reason) > cells:
            with_finding = False
        cells += 0 if with_finding else columns.finding
        reason_cells = beside_concept(cell_len(reason) + 1, cells, BESIDE_REASON) if reason else 0
        cells -= reason_cells
        if names:
            name_cells = beside_concept(names.longest + 1, cells, BESIDE_CLASS)
            yield self._names.classes.fit(names[neuron.unit], name_cells - 1) + " ", name_style
            cells -= name_cells
        yield self._names.concepts.fit(said.concept, cells), style
        if reason:
            yield fit(f" {reason}", reason_cells), "line--faint"
        if with_finding:
            yield " " + self._names.findings.fit(said.finding, columns.finding - 1), "line--muted"

    # The cursor

    def here(self) -> Neuron | None:
        """The neuron or the layer under the cursor."""
        return self.rows.at(self.cursor) if len(self.rows) else None

    def around(self) -> list[Neuron]:
        """The neuron or the layer under the cursor, and those whose lines follow, or come before the end of the list:
        where the cursor goes if the first are no longer shown."""
        near = [*range(self.cursor, min(self.cursor + NEAR, len(self.rows))), *range(self.cursor - 1, -1, -1)[:NEAR]]
        lines = [self.rows.at(line) for line in near]
        return [line for place, line in enumerate(lines) if not place or line.unit != LAYER_LINE]

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._select(step=abs(new - old) <= 1)

    def _select(self, *, step: bool, asked: bool = True) -> None:
        here = self.here()
        if here and here.unit != LAYER_LINE:
            # Textual stops a message at its sender. By default that is the caller, such as the pane while it filters.
            self.post_message(self.Selected(here, step, asked).set_sender(self))

    def rebuild(self, *keep: Neuron | None, asked: bool = True) -> None:
        """Lays out the lines again, with the cursor on the first of `keep` that is shown, else on the first neuron.
        `asked` as in Selected."""
        self.rows.rebuild()
        lines = (self.rows.line_of(neuron) for neuron in keep if neuron)
        line = next((line for line in lines if line is not None), min(1, len(self.rows) - 1))
        self.set_reactive(LineList.cursor, max(0, line))
        self.rows_changed()
        self.show_row(0 if self.cursor == 1 else self.cursor)
        self._select(step=False, asked=asked)

    def go_to(self, neuron: Neuron) -> None:
        """Puts the cursor on a neuron, opening its layer."""
        if self.rows.line_of(neuron) is None:
            self.rows.open.add(neuron.layer)
            self.rebuild(neuron)
            self.post_message(self.Opened())
        else:
            self.cursor = self.rows.line_of(neuron) or 0

    def action_open_layer(self) -> None:
        here = self.here()
        if here is None:
            return
        if here.unit == LAYER_LINE and here.layer not in self.rows.open:
            self.rows.open.add(here.layer)
            self.rebuild(here)
            self.post_message(self.Opened())
        elif here.unit == LAYER_LINE:
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

    def row_clicked(self, index: int) -> None:
        if self.rows.at(index).unit == LAYER_LINE:
            self.action_enter()

    def row_clicked_twice(self, index: int) -> None:
        if self.rows.at(index).unit != LAYER_LINE:
            self.post_message(self.Left())


def beside_concept(wanted: int, cells: int, kept: int) -> int:
    """The cells of a class or finding: `wanted`, but at most 11/20 of `cells` or all but `kept`, whichever is more."""
    return min(wanted, max(cells * 11 // 20, cells - kept))
