"""Pane 1: layers and neurons, with a filter line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from mammi_tui.neurons.order import BY_UNIT, Order
from mammi_tui.neurons.rows import LAYER_LINE, Neuron, NeuronRows
from mammi_tui.neurons.second_reading import agreement_words
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.text import clean, count
from mammi_tui.widgets.heads import Heads
from mammi_tui.widgets.still import Framed
from mammi_tui.widgets.typed_line import TypedLine
from mammi_tui.widgets.way_back import come_back


class FilterLine(TypedLine):
    """The filter over the neurons. It filters while the reader types."""

    BINDING_GROUP_TITLE = "Filter"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep", id="filter.keep", tooltip="Keep the filter"),
        Binding("down", "to_found", "To the neurons", show=False, id="filter.found",
                tooltip="Keep the filter, and go to the neurons"),
        Binding("escape", "drop", "Clear", id="filter.clear", tooltip="Clear the filter"),
    ]  # fmt: skip

    class Kept(Message):
        """The reader keeps the filter."""

        def __init__(self, to_found: bool) -> None:
            """`to_found` says that the reader goes on to the neurons, not back to where they came from."""
            super().__init__()
            self.to_found = to_found

    class Dropped(Message):
        """The reader drops the filter."""

    def action_keep(self) -> None:
        self.post_message(self.Kept(to_found=False))

    def action_to_found(self) -> None:
        self.post_message(self.Kept(to_found=True))

    def action_drop(self) -> None:
        self.post_message(self.Dropped())


class NeuronsPane(Framed, Vertical):
    """The tree, its column heads, and the filter line while the reader uses it."""

    class Filtered(Message):
        """The filter has changed: it may need the answers of all layers."""

    def __init__(self, rows: NeuronRows, concepts: Iterable[str]) -> None:
        super().__init__(id="neurons-pane", classes="pane")
        self.border_title = "1 Neurons"
        self.rows = rows
        self.outline = NeuronTree(rows, concepts, id="neurons")
        self._line = FilterLine(
            placeholder="unit, concept, class, finding, verdict, trust:strong", id="filter", compact=True
        )
        self._heads = Heads(self.outline, self.outline.heads)
        self._nothing = Static(id="neurons-reason", classes="reason", markup=False)
        self._came_from: Widget | None = None
        """Where the focus was before the filter line had it"""
        self._before: Neuron | None = None
        """The line that the cursor was on before the filter line was opened"""

    def compose(self) -> ComposeResult:
        yield self._line
        yield self._heads
        yield self._nothing
        yield self.outline

    def on_mount(self) -> None:
        self._line.display = self._nothing.display = False

    def draw_subtitle(self) -> None:
        """Draws how many neurons the filter leaves, or how they are sorted. If it leaves none, a line says so."""
        self._nothing.display = not len(self.rows)
        if self.rows.query:
            hint = f" ({self.rows.filter.hint})" if self.rows.filter.hint else ""
            self._nothing.update(f"nothing matches {clean(self.rows.query, 60)}{hint}; esc shows all")
        found = f"{count(self.rows.match_count, 'neuron')} found"
        words = [found if self.rows.query else f"sorted by {self.rows.order.name}"]
        if agreement := agreement_words(self.rows):
            words = [agreement, *words] if len(agreement) + len(words[0]) + 7 <= self.size.width else [agreement]
        if self.rows.evidence_underway is not None:
            room = self.size.width - len(words[0]) - 7
            words.append("computing evidence …" if room >= 20 else "computing …")
        self.frame(subtitle=" · ".join(words))

    def set_underway(self, layer: int | None) -> None:
        """Shows which layer's evidence is being computed, if any is."""
        if layer != self.rows.evidence_underway:
            self.rows.evidence_underway = layer
            self.outline.redraw()
            self.draw_subtitle()

    def numbers_changed(self) -> None:
        """Draws new answers or verdicts, with the cursor where it is."""
        if self.rows.query or self.rows.order is not BY_UNIT:
            self.outline.rebuild(self.outline.here(), self._before)
        else:
            self.outline.redraw()
        self._heads.redraw()
        self.draw_subtitle()

    def sort_by(self, order: Order) -> None:
        """Sorts the neurons of every layer; the cursor stays on its neuron."""
        self.rows.order = order
        self.outline.rebuild(self.outline.here())
        self._heads.redraw()
        self.draw_subtitle()

    def open_filter(self) -> None:
        """Shows the filter line as it was, and lets the reader type."""
        if not isinstance(self.screen.focused, FilterLine):
            self._before = self.outline.here() or self._before
            self._came_from = self.screen.focused
        self._line.display = True
        self.screen.set_focus(self._line)

    def filter_to(self, query: str) -> None:
        """Shows the filter line with a query, and what it leaves."""
        self._before = self.outline.here() or self._before
        self._line.display = True
        self._line.value = query

    def drop_filter(self) -> None:
        """Shows all neurons again, with the cursor on the same one, and hides the filter line."""
        self._leave(self.outline.here(), self._before)

    def _leave(self, *keep: Neuron | None) -> None:
        self._line.value = ""
        self._line.display = False
        self._filter_by("", *keep)

    def _filter_by(self, query: str, *keep: Neuron | None) -> None:
        """Shows only the neurons that match, with the cursor on the first of `keep` among them."""
        if query == self.rows.query:
            return
        self.rows.query = query
        lines = [line for line in keep if line and not (query and line.unit == LAYER_LINE)]
        if lines and not query:
            self.rows.open.add(lines[0].layer)
        self.outline.rebuild(*lines)
        self.draw_subtitle()
        self.post_message(self.Filtered())

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Filters while the reader types, and remembers where the cursor was."""
        event.stop()
        self._filter_by(event.value.strip(), self._before, self.outline.here())

    @on(FilterLine.Kept)
    def keep_filter(self, event: FilterLine.Kept) -> None:
        event.stop()
        self._line.display = bool(self.rows.query)
        come_back(self, self.outline if event.to_found else self._came_from)

    @on(FilterLine.Dropped)
    def leave_filter(self, event: FilterLine.Dropped) -> None:
        event.stop()
        self._leave(self._before, self.outline.here())
        come_back(self, self._came_from)
