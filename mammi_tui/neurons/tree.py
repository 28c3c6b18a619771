"""The tree of layers and their neurons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.evidence.columns import TRUST
from engine.evidence.details import Trust
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS
from mammi_tui.neurons.order import BY_IMAGES, BY_TRUST, BY_UNIT, ORDERS
from mammi_tui.neurons.row_names import RowNames
from mammi_tui.neurons.rows import LAYER_LINE, Neuron, NeuronRows
from mammi_tui.neurons.second_reading import others_cells, others_head, others_parts
from mammi_tui.text import clean, count, fit
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

SCORE_CELLS = 7
FINDING_CELLS, LEAST_FINDING = 16, 9
BESIDE_CLASS, BESIDE_FINDING = 11, 5
"""Cells that a best concept keeps beside a long class, and beside a finding that the filter has found"""
ROOMY, WIDE = 40, 64
"""Widths from which a layer's line counts dead units; and from which columns have their full names, and findings have
one even beside classes"""

HEAD = "best concept"
UNKNOWN = "·"
"""The mark of a neuron whose trust is not known yet"""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column of a neuron's line."""

    unit: int
    trust: int
    concept: int
    finding: int
    """0 where findings are not shown"""
    score: int
    images: int


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
                tooltip=f"Sort by {', '.join(ORDERS)}"),
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

    class Opened(Message):
        """A layer was opened: it may need an answer."""

    class Left(Message):
        """The reader goes on to the view of the neuron."""

    def __init__(self, rows: NeuronRows, concepts: Iterable[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = rows
        self._names = RowNames(rows, concepts)
        self._unit_cells = max((len(str(layer.units - 1)) for layer in rows.layers), default=1)

    # Lines

    def row_count(self) -> int:
        return len(self.rows)

    def head_of(self, index: int) -> int:
        """The line of a neuron's layer."""
        return index if self.rows.is_layer_line(index) else self.rows.line_of_layer(index)

    def columns(self, width: int) -> Columns:
        """How the columns share `width` cells."""
        most = max((int(answer.counts.max(initial=0)) for answer in self.rows.answers if answer), default=0)
        images = max(7 if width >= WIDE else 5, len(f"{most:,}") + 1)
        unit = max(4, self._unit_cells + 1)
        trust = 1 if any(self.rows.evidence) else 0
        names = max(4, width - unit - 3 - others_cells(self.rows) - trust - SCORE_CELLS - images - 1)
        finding = FINDING_CELLS if width >= WIDE else self._spare(names)
        return Columns(unit, trust, names - finding, finding, SCORE_CELLS, images)

    def _spare(self, cells: int) -> int:
        """Of the `cells` for best concepts, those that no best concept needs, if they are enough for findings."""
        if all(names or answer is None for names, answer in zip(self._names.units, self.rows.answers, strict=True)):
            return 0  # units with classes leave no room
        spare = min(cells - max(len(HEAD) + 1, self._names.longest_best), self._names.findings.longest + 1)
        return spare if spare >= LEAST_FINDING else 0

    def heads(self, width: int) -> str:
        """The names of the columns; a small triangle marks the one that sorts."""
        columns, order, figure = self.columns(width), self.rows.order, self.rows.figure
        sorts = order.mark * (order not in (BY_UNIT, BY_IMAGES, BY_TRUST))
        images = "images" if columns.images > 6 + (order is BY_IMAGES) else "img"
        return (
            fit("  unit" + order.mark * (order is BY_UNIT), columns.unit + 2)
            + others_head(self.rows)
            + fit("", columns.trust + 2)
            + fit(HEAD + order.mark * (order is BY_TRUST), columns.concept)
            + fit(" finding", columns.finding)
            + fit(figure.head + sorts, columns.score, right=True)
            + fit(images + order.mark * (order is BY_IMAGES), columns.images, right=True)
        )

    def row(self, index: int, width: int) -> Iterable[Part]:
        neuron = self.rows.at(index)
        return self._layer_row(neuron.layer, width) if neuron.unit == LAYER_LINE else self._unit_row(neuron, width)

    def _layer_row(self, layer: int, width: int) -> Iterable[Part]:
        decided, living = self.rows.progress(layer)
        dead = self.rows.dead_count(layer)
        if self.rows.query:
            tail = f" {len(self.rows.matches[layer]):,} found "
        else:
            tail = f" {decided}/{living} decided " if decided else f" {count(self.rows.layers[layer].units, 'unit')} "
            tail += f"· {dead} dead " if dead and width >= ROOMY else ""
        opened = layer in self.rows.open or bool(self.rows.query)
        random = " random" if self.rows.layers[layer].untrained else ""
        room = width - 2 - cell_len(self._names.layers[layer] + random)
        tail = next((text for text in self._with_trust(layer, tail) if cell_len(text) <= room), tail)
        yield "▾ " if opened else "▸ ", "line--accent"
        cells = max(4, width - 2 - len(random) - len(tail))
        yield self._names.layers.fit(self._names.layers[layer], cells), "line--strong"
        yield random, "line--bad"
        yield tail, "line--faint"

    def _with_trust(self, layer: int, tail: str) -> Iterable[str]:
        """The end of a layer's line, and what it says while trust is not known, the longest first."""
        underway = layer == self.rows.evidence_underway
        if underway or self.rows.evidence[layer] is None:
            yield f"{tail}· trust {'under way …' if underway else 'not known yet'} "
            yield f"{tail}· trust … "
            yield " trust … "

    def _unit_row(self, neuron: Neuron, width: int) -> Iterable[Part]:
        columns = self.columns(width)
        mark, mark_style = self._verdict_mark(neuron)
        yield fit(str(neuron.unit), columns.unit, right=True), "line--faint"
        yield f" {mark}", mark_style
        yield from others_parts(self.rows, neuron)
        yield self._trust_mark(neuron, columns.trust + 1)
        answer = self.rows.answers[neuron.layer]
        if answer is None or self.rows.is_dead(neuron):
            state, own = "dead unit" if answer else "…", self._names.label_of(neuron)
            concept_style = "line--own" if own else "line--dead"
            yield from self._names_of(neuron, own or state, "", columns, width, "line--dead", concept_style)
            numbers = fit("–", columns.score, right=True) + fit("0", columns.images, right=True) + " "
            yield numbers if answer else fit("", len(numbers)), "line--dead"
            return
        best = int(answer.best[neuron.unit])
        annotated = bool(answer.annotated[neuron.unit] > 0)
        concept = "no image above τ" if best < 0 else self._names.concepts[best]
        style = "line--text" if annotated else "line--faint"
        finding = clean(self.rows.findings[neuron.layer][neuron.unit])
        own = self._names.label_of(neuron)
        concept, concept_style = own or concept, "line--own" if own else style
        if not columns.finding and self.rows.found_by_finding(neuron):
            finding_cells = beside_concept(cell_len(finding) + 1, columns.concept, BESIDE_FINDING)
            yield self._names.concepts.fit(concept, columns.concept - finding_cells), concept_style
            yield " " + self._names.findings.fit(finding, finding_cells - 1), "line--faint"
        else:
            name_style = "line--strong" if annotated else "line--muted"
            yield from self._names_of(neuron, concept, finding, columns, width, name_style, concept_style)
        figure = "–" if best < 0 else self._figure(neuron)
        yield fit(figure, columns.score, right=True), style
        yield fit(f"{answer.counts[neuron.unit]:,}", columns.images, right=True) + " ", "line--muted"

    def _verdict_mark(self, neuron: Neuron) -> Part:
        verdict = self.rows.verdict_of(neuron)
        if verdict is None:
            return " ", "line--faint"
        mark, style = VERDICT_MARKS[verdict]
        return (HOLLOW_MARKS[verdict], "line--faint") if self.rows.is_hollow(neuron) else (mark, style)

    def _trust_mark(self, neuron: Neuron, cells: int) -> Part:
        """The mark of how far the neuron's words can be trusted, dimmed where it was computed at other cuts."""
        evidence = self.rows.evidence[neuron.layer]
        if evidence is None or self.rows.is_dead(neuron):
            return fit("" if self.rows.is_dead(neuron) or cells < 2 else UNKNOWN, cells), "line--faint"
        mark, style = TRUST_MARKS[Trust(int(evidence[TRUST][neuron.unit]))]
        return fit(mark, cells), "line--stale" if self.rows.evidence_is_stale(neuron.layer) else style

    def _figure(self, neuron: Neuron) -> str:
        """The figure in the column of scores."""
        figure = self.rows.figure
        values = figure.values(self.rows.answers[neuron.layer], self.rows.evidence[neuron.layer])
        return "…" if values is None else figure.shown(float(values[neuron.unit]))

    def _names_of(
        self, neuron: Neuron, concept: str, finding: str, columns: Columns, width: int, name_style: str, style: str
    ) -> Iterable[Part]:
        """The class that a final layer's unit stands for, if the run names it, the unit's best concept or the
        reader's label, and its finding.

        Where all three do not fit, the finding is left out, as it seldom says more than the class.
        """
        names, cells = self._names.units[neuron.layer], columns.concept
        with_finding = width >= WIDE or not names
        if names:
            cells += 0 if with_finding else columns.finding
            name_cells = beside_concept(names.longest + 1, cells, BESIDE_CLASS)
            yield self._names.classes.fit(names[neuron.unit], name_cells - 1) + " ", name_style
            cells -= name_cells
        yield self._names.concepts.fit(concept, cells), style
        if with_finding and columns.finding:
            yield " " + self._names.findings.fit(finding, columns.finding - 1), "line--muted"

    # The cursor

    def here(self) -> Neuron | None:
        """The neuron or the layer under the cursor."""
        return self.rows.at(self.cursor) if len(self.rows) else None

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._select(step=abs(new - old) <= 1)

    def _select(self, *, step: bool) -> None:
        here = self.here()
        if here and here.unit != LAYER_LINE:
            # Textual stops a message at its sender. By default that is the caller, such as the pane while it filters.
            self.post_message(self.Selected(here, step).set_sender(self))

    def rebuild(self, *keep: Neuron | None) -> None:
        """Lays out the lines again, with the cursor on the first of `keep` that is shown, else on the first neuron."""
        self.rows.rebuild()
        lines = (self.rows.line_of(neuron) for neuron in keep if neuron)
        line = next((line for line in lines if line is not None), min(1, len(self.rows) - 1))
        self.set_reactive(LineList.cursor, max(0, line))
        self.rows_changed()
        self.show_row(0 if self.cursor == 1 else self.cursor)
        self._select(step=False)

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
