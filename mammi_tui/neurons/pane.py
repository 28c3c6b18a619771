"""Pane 1: layers and neurons, with a filter line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.neurons.filter.fields import Vocabulary
from mammi_tui.neurons.filter_line import FilterAid, FilterLine
from mammi_tui.neurons.heads import place_at
from mammi_tui.neurons.order import BY_UNIT, Order, Place
from mammi_tui.neurons.rows import LAYER_LINE, Neuron, NeuronRows
from mammi_tui.neurons.second_reading import agreement_words
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.text import clean, count
from mammi_tui.widgets.heads import LEAST_CELLS, Heads
from mammi_tui.widgets.still import Framed
from mammi_tui.widgets.way_back import come_back


class NeuronsPane(Framed, Vertical):
    """The tree, its column heads, and the filter line while the reader uses it."""

    class Filtered(Message):
        """The filter has changed: it may need the answers of all layers."""

    @dataclass
    class Kept(Message):
        """The reader goes on with a filter, which belongs in the history."""

        query: str

    @dataclass
    class SortWanted(Message):
        """The reader wants to sort by a column."""

        place: Place

    def __init__(self, rows: NeuronRows, concepts: Sequence[str]) -> None:
        super().__init__(id="neurons-pane", classes="pane")
        self.border_title = "1 Neurons"
        self.rows = rows
        self.outline = NeuronTree(rows, concepts, id="neurons")
        self.line = FilterLine()
        self._concepts = [clean(concept) for concept in concepts]
        self._aid = FilterAid()
        self._heads = Heads(self.outline, lambda width: "".join(head.text for head in self.outline.heads(width)))
        self._nothing = Static(id="neurons-reason", classes="reason", markup=False)
        self._came_from: Widget | None = None
        """Where the focus was before the filter line had it"""
        self._before: Neuron | None = None
        """The line that the cursor was on before the filter line was opened"""
        self.line.display = self._nothing.display = False

    def compose(self) -> ComposeResult:
        yield self.line
        yield self._aid
        yield self._heads
        yield self._nothing
        yield self.outline

    # What is drawn

    def draw_subtitle(self) -> None:
        """Draws how many neurons the filter leaves and how many of them are decided, or how they are sorted.

        If the filter leaves none, a line says so, and what is wrong with it.
        """
        rows = self.rows
        self._nothing.display = not len(rows)
        hint = self._hint
        if rows.query:
            reason = f" ({hint})" if hint else ""
            found = "looking for" if rows.is_searching else "nothing matches"
            self._nothing.update(f"{found} {clean(rows.query, 60)}{reason}; {self._clearing} shows all")
        words = self._subtitle(hint)
        while len(words) > 1 and cell_len(" · ".join(words)) > self.size.width - 4:
            words.pop(-2 if rows.evidence_underway is not None and rows.agreement is None else -1)
        self.frame(subtitle=" · ".join(words))

    @property
    def _hint(self) -> str:
        """What the filter lacks, as text to be drawn; "" for nothing."""
        if self.rows.asks_hidden:
            return f"other readers are hidden: {key_of(self.screen, 'readers.others')} shows them"
        return clean(self.rows.hint)

    @property
    def _clearing(self) -> str:
        """The key in force that clears the filter."""
        return key_of(self.line, "filter.clear")

    def _subtitle(self, hint: str) -> list[str]:
        """What the subtitle says where it fits, the most important first, but for what is under way."""
        rows = self.rows
        whose = f" for {clean(rows.matters_for, 30)}" if rows.order.needs_matters and rows.matters_for else ""
        words = [f"sorted by {rows.order.name}{whose}{', backwards' * rows.flipped}"]
        if rows.query:
            decided, living = rows.progress_found()
            found = [f"{count(rows.match_count, 'neuron')} found", hint or f"{decided:,} of {living:,} decided"]
            words = found + words * (rows.order is not BY_UNIT or rows.flipped)
        underway = ["computing evidence …"] if rows.evidence_underway is not None else []
        return [*filter(None, [agreement_words(rows, self.size.width - 4)]), *words, *underway]

    def set_underway(self, layer: int | None) -> None:
        """Shows which layer's evidence is being computed, if any is."""
        if layer != self.rows.evidence_underway:
            self.rows.evidence_underway = layer
            self.outline.redraw()
            self.draw_subtitle()

    def numbers_changed(self) -> None:
        """Draws new answers or verdicts, with the cursor where it is."""
        if self.rows.query or self.rows.order is not BY_UNIT:
            typing = isinstance(self.screen.focused, FilterLine)  # then the first that is found is the one to be on
            keep = [] if typing else self.outline.around()
            self.outline.rebuild(*keep, self._before, asked=typing)
        else:
            self.outline.redraw()
        self._heads.redraw()
        self.draw_subtitle()

    # Order

    def sort_by(self, order: Order, *, flipped: bool = False) -> None:
        """Sorts the neurons of every layer; the cursor stays on its neuron."""
        self.rows.order, self.rows.flipped = order, flipped
        self.outline.rebuild(self.outline.here())
        self._heads.redraw()
        self.draw_subtitle()

    def on_click(self, event: events.Click) -> None:
        """A click on the head of a column sorts by it."""
        offset = event.get_content_offset(self._heads)
        if offset is None:
            return
        event.stop()
        width = max(LEAST_CELLS, self.outline.scrollable_content_region.width - 1)
        if place := place_at(self.outline.heads(width), offset.x):
            self.post_message(self.SortWanted(place))

    # Filter

    def open_filter(self) -> None:
        """Shows the filter line as it was, and lets the reader type."""
        if not isinstance(self.screen.focused, FilterLine):
            self._before = self.outline.here() or self._before
            self._came_from = self.screen.focused
        self.line.vocabulary = self._vocabulary()
        self.line.display = True
        self.screen.set_focus(self.line)
        self._help()

    def put_filter(self, query: str, *keep: Neuron | None) -> None:
        """Filters without going to the filter line, with the cursor on the first of `keep` that is found."""
        self._before = self.outline.here() or self._before
        with self.prevent(Input.Changed):
            self.line.value = query
        self.line.display = bool(query)
        self._filter_by(query.strip(), *keep, self.outline.here())

    def drop_filter(self) -> None:
        """Shows all neurons again, with the cursor on the same one, and hides the filter line."""
        self._leave(self.outline.here(), self._before)

    def _leave(self, *keep: Neuron | None) -> None:
        self.line.value = ""
        self.line.display = False
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
        self._heads.redraw()
        self.draw_subtitle()
        self.post_message(self.Filtered())

    def _help(self) -> None:
        self._aid.help(self.line.value, self._hint, self.line.vocabulary)
        self.line.refresh_bindings()  # Tab completes, or goes to the next pane

    def _vocabulary(self) -> Vocabulary:
        rows = self.rows
        findings = {clean(text): None for found in rows.findings for text in dict.fromkeys(found) if text}
        labels = {clean(each.label.deed.text or ""): None for each in rows.judgements.values() if each.label}
        return Vocabulary(
            concepts=self._concepts,
            classes=list(dict.fromkeys(clean(name) for layer in rows.layers for name in layer.unit_names if name)),
            findings=list(findings),
            layers=[clean(layer.name) for layer in rows.layers],
            readers=[clean(reader) for reader in (rows.reader, *rows.others) if reader],
            labels=list(labels),
            attributes=[clean(name) for name in rows.attributes],
        )

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Filters while the reader types: the cursor is where it was before, or on the first neuron that is found."""
        event.stop()
        self._filter_by(event.value.strip(), self._before)
        self._help()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def show_aid(self) -> None:
        """Shows the line that helps while the filter is typed."""
        self._aid.display = isinstance(self.screen.focused, FilterLine)

    @on(FilterLine.Kept)
    def keep_filter(self, event: FilterLine.Kept) -> None:
        event.stop()
        self.line.display = bool(self.rows.query)
        come_back(self, self.outline if event.to_found else self._came_from)
        if self.rows.query:
            self.post_message(self.Kept(self.rows.query))

    @on(FilterLine.Dropped)
    def leave_filter(self, event: FilterLine.Dropped) -> None:
        event.stop()
        self._leave(self._before, self.outline.here())
        come_back(self, self._came_from)
