"""Finding neurons: filter, order, the next undecided one, and the way back."""

from __future__ import annotations

import string
from contextlib import nullcontext
from functools import partial

from textual import on

from mammi_tui.keyboard.counting_app import counted
from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.neurons.filter.completion import written
from mammi_tui.neurons.filter_line import FilterLine
from mammi_tui.neurons.order import (
    BY_CONCEPT,
    BY_FINDING,
    BY_IMAGES,
    BY_TRUST,
    BY_UNIT,
    ORDERS,
    UNDECIDED,
    Order,
    order_by,
)
from mammi_tui.neurons.order import Place as Column
from mammi_tui.neurons.pane import NeuronsPane
from mammi_tui.neurons.rows import Neuron
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.screens.history import Place
from mammi_tui.state.record import MOST_SAVED
from mammi_tui.text import clean
from mammi_tui.views.base import ViewBody
from mammi_tui.views.missing import importance_missing

LONGEST_NAME = 60
"""Characters of the name of a filter"""
_OF_COLUMN: dict[Column, Order] = {
    "unit": BY_UNIT,
    "verdict": UNDECIDED,
    "trust": BY_TRUST,
    "concept": BY_CONCEPT,
    "finding": BY_FINDING,
    "images": BY_IMAGES,
}


class Finding(ExplorerBase):
    """The part of the explorer that moves among neurons."""

    @on(ViewBody.SubjectWanted)
    def show_subject(self, event: ViewBody.SubjectWanted) -> None:
        """Looks at what a view leads to."""
        event.stop()
        if event.films is not None:
            self.looking.films = event.films
        if isinstance(event.subject, Neuron):
            self.show_neuron(event.subject)
        elif any(view.shows(event.subject) for view in self.views):
            self.look_at(event.subject)
        else:
            self.warn("No view shows this")

    @on(NeuronTree.Selected)
    def follow_cursor(self, event: NeuronTree.Selected) -> None:
        event.stop()
        if not isinstance(self.looking.subject, Neuron) and event.neuron == self.looking.neuron:
            return  # its lines were laid out again, while its films, a class or the run are looked at
        if not event.asked and not isinstance(self.looking.subject, Neuron):
            return  # numbers that arrive lead nobody away from another view
        if event.neuron == self.neurons.outline.here():  # else the cursor has gone on
            self.look_at(event.neuron, step=event.step and isinstance(self.looking.subject, Neuron))

    def show_neuron(self, neuron: Neuron) -> None:
        """Goes to a neuron, without the filter if that hides it."""
        if self.looking.rows.query and self.looking.rows.line_of(neuron) is None:
            self.neurons.drop_filter()
        self.go_to_neuron(neuron)

    def find_concept(self, concept: str) -> None:
        """Filters the neurons by a concept."""
        self._filter_by(f"concept:{written(clean(concept))}")

    def best_concept(self, neuron: Neuron) -> str:
        """The neuron's best concept at the present cuts; "" where it has none, or none is known yet."""
        found = self.looking.rows.found(neuron)
        best = -1 if found is None else int(found[0].best[found[1]])
        return self.looking.reader.concepts[best] if best >= 0 else ""

    def go_to_layer(self, layer: int) -> None:
        """Opens a layer, with the cursor on its first neuron."""
        self.neurons.drop_filter()
        self.go_to_neuron(Neuron(layer, 0))

    @counted
    def action_history(self, by: int) -> None:
        """Goes to the place before this one, or after it, with the filter that stood then."""
        if (place := self.history.go(by)) is None:
            self.notify("There is no place before this one" if by < 0 else "There is no place after this one",
                        markup=False)  # fmt: skip
            return
        self.go_to_place(place)
        self.history.put(Place(place.subject, self.view_pane.view, self.looking.rows.query))

    def go_to_place(self, place: Place) -> None:
        """Looks at a subject in a view, with the filter that stood then."""
        neuron = place.subject if isinstance(place.subject, Neuron) else None
        if place.query != self.looking.rows.query:
            # the cursor, which moves with the lines, must not lead away from a place that is no neuron
            with nullcontext() if neuron else self.neurons.outline.prevent(NeuronTree.Selected):
                self.neurons.put_filter(place.query, neuron)
        self.look_at(place.subject, place.view)
        if neuron is not None:
            if self.looking.rows.query and self.looking.rows.line_of(neuron) is None:
                self.neurons.drop_filter()
            self.neurons.outline.go_to(neuron)

    def on_descendant_focus(self) -> None:
        self.history.settle()

    # Filter

    def action_filter(self) -> None:
        self.panes.show("neurons")
        self.neurons.open_filter()

    def apply(self, query: str) -> None:
        """Filters by a query at once, and goes to the neurons."""
        self.panes.go_to("neurons")
        self._filter_by(query)

    @on(ViewBody.FilterWanted)
    def filter_by(self, event: ViewBody.FilterWanted) -> None:
        """Shows the neurons that a view wants. The keys still go to the view, unless it leaves the screen."""
        self._filter_by(event.query)
        if not self.neurons.region.area:
            self.panes.go_to("neurons")

    def _filter_by(self, query: str) -> None:
        self.neurons.put_filter(query)
        self.keep_in_history(NeuronsPane.Kept(query))

    def action_drop_filter(self) -> None:
        self.neurons.drop_filter()

    @on(NeuronsPane.Kept)
    def keep_in_history(self, event: NeuronsPane.Kept) -> None:
        self.keeper.change(lambda state: state.with_earlier(event.query))
        self.neurons.line.history = self.keeper.state.earlier

    # Saved filters

    @property
    def saved_filters(self) -> dict[str, str]:
        """The filters that the reader has saved for this run, by name."""
        return dict(self.keeper.state.saved)

    @on(FilterLine.SaveWanted)
    def ask_for_name(self) -> None:
        query = self.looking.rows.query
        if not query:
            self.notify("There is no filter to save: type one first", severity="warning", markup=False)
            return
        self.one_line.ask("save this filter as", partial(self._save, query), most=LONGEST_NAME)

    def _save(self, query: str, name: str) -> str | None:
        if not name:
            return f"A filter needs a name; {self.one_line.leaving} leaves it unsaved"
        if name not in self.saved_filters and len(self.saved_filters) >= MOST_SAVED:
            return f"{MOST_SAVED} filters are saved already: delete one in the palette first"
        replaced = self.saved_filters.get(name, query) != query
        self.keeper.change(lambda state: state.with_saved(name, query))
        said = f"Saved as {name}, in place of another filter" if replaced else f"Saved as {name}"
        self.notify(f"{clean(said)}; the palette ({key_of(self.app, 'app.commands')}) lists it", markup=False)
        return None

    def choose_filter_to_delete(self) -> None:
        """Offers the saved filters in a menu, and deletes the one that is chosen."""
        from mammi_tui.widgets.menu_line import Choice, MenuLine

        saved = list(self.saved_filters)[: len(string.ascii_lowercase)]
        names = dict(zip(string.ascii_lowercase[: len(saved)], saved, strict=True))
        choices = [Choice(letter, clean(name)) for letter, name in names.items()]
        self.app.push_screen(
            MenuLine("Delete the filter", choices), lambda letter: self.delete_filter(names[letter]) if letter else None
        )

    def delete_filter(self, name: str) -> None:
        """Deletes a saved filter."""
        self.keeper.change(lambda state: state.with_saved(name, None))
        self.notify(f"Deleted the filter {clean(name)}", markup=False)

    # Order

    def action_sort(self, order: str | None = None) -> None:
        """Sorts by the order of a name, or offers all of them in a menu."""
        if order is not None:
            self.sort_by(ORDERS[order])
            return
        from mammi_tui.widgets.menu_line import Choice, MenuLine

        present = self.looking.rows.order
        choices = [
            Choice(each.key, f"{each.name}{self._triangle(each) if each is present else ''}", marked=each is present)
            for each in ORDERS.values()
        ]
        self.app.push_screen(MenuLine("Sort by", choices), self._sort_by_letter)

    def _triangle(self, order: Order) -> str:
        return order.mark(flipped=self.looking.rows.flipped)

    def _sort_by_letter(self, letter: str | None) -> None:
        for order in ORDERS.values():
            if order.key == letter:
                self.sort_by(order)

    @on(NeuronsPane.SortWanted)
    def sort_by_column(self, event: NeuronsPane.SortWanted) -> None:
        rows = self.looking.rows
        shown = _OF_COLUMN.get(event.place) or order_by(rows.figure)
        self.sort_by(rows.order if rows.order.place == event.place else shown)

    def sort_by(self, order: Order) -> None:
        """Sorts the neurons; by the order that sorts them already, in the other direction."""
        rows = self.looking.rows
        if order.needs_matters and (lack := importance_missing(self.looking.reader)):
            self.warn(lack)
        if order.needs_matters:
            rows.open.update(self.looking.reader.important_layers)
        self.neurons.sort_by(order, flipped=order == rows.order and not rows.flipped)
        self.desk.hold()  # the next key may go on to another order
        self.desk.ask()

    @counted
    def action_undecided(self, step: int) -> None:
        self.go_to_undecided(step)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter" and isinstance(self.focused, FilterLine):
            return False
        return super().check_action(action, parameters)
