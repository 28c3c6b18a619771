"""Finding neurons: filter, order, the next undecided one, and the way back."""

from __future__ import annotations

from textual import on

from mammi_tui.keyboard.counting_app import counted
from mammi_tui.neurons.order import ORDERS, order_after
from mammi_tui.neurons.pane import FilterLine
from mammi_tui.neurons.rows import Neuron
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.screens.base import ExplorerBase
from mammi_tui.text import clean
from mammi_tui.views.base import ViewBody


class Finding(ExplorerBase):
    """The part of the explorer that moves among neurons."""

    @on(NeuronTree.Selected)
    def follow_cursor(self, event: NeuronTree.Selected) -> None:
        event.stop()
        if event.neuron == self.neurons.outline.here():  # else the cursor has gone on
            self.look_at(event.neuron, step=event.step and isinstance(self.looking.subject, Neuron))

    def show_neuron(self, neuron: Neuron) -> None:
        """Goes to a neuron, without the filter if that hides it."""
        if self.looking.rows.query and self.looking.rows.line_of(neuron) is None:
            self.neurons.drop_filter()
        self.go_to_neuron(neuron)

    def find_concept(self, concept: str) -> None:
        """Filters the neurons by a concept."""
        self.neurons.filter_to(clean(concept) if concept.isalpha() else f'"{clean(concept)}"')

    def best_concept(self, neuron: Neuron) -> str:
        """The neuron's best concept at the present cuts; "" where it has none, or none is known yet."""
        answer = self.looking.rows.answers[neuron.layer]
        best = -1 if answer is None else int(answer.best[neuron.unit])
        return self.looking.reader.concepts[best] if best >= 0 else ""

    def go_to_layer(self, layer: int) -> None:
        """Opens a layer, with the cursor on its first neuron."""
        self.neurons.drop_filter()
        self.go_to_neuron(Neuron(layer, 0))

    @counted
    def action_history(self, by: int) -> None:
        """Goes to the place before this one, or after it."""
        if (place := self.history.go(by)) is None:
            return
        self.look_at(place.subject, place.view)
        if isinstance(place.subject, Neuron):
            if self.looking.rows.query and self.looking.rows.line_of(place.subject) is None:
                self.neurons.drop_filter()
            self.neurons.outline.go_to(place.subject)

    def on_descendant_focus(self) -> None:
        self.history.settle()

    def action_filter(self) -> None:
        self.panes.show("neurons")
        self.neurons.open_filter()

    @on(ViewBody.FilterWanted)
    def filter_by(self, event: ViewBody.FilterWanted) -> None:
        """Shows the neurons that a view wants. The keys still go to the view, unless it leaves the screen."""
        self.neurons.filter_to(event.query)
        if not self.neurons.region.area:
            self.panes.go_to("neurons")

    def action_drop_filter(self) -> None:
        self.neurons.drop_filter()

    def action_sort(self, order: str | None = None) -> None:
        self.neurons.sort_by(ORDERS[order] if order else order_after(self.looking.rows.order))
        self.desk.hold()  # the next key may go on to another order
        self.desk.ask()

    def action_undecided(self, step: int) -> None:
        self.go_to_undecided(step)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter" and isinstance(self.focused, FilterLine):
            return False
        return super().check_action(action, parameters)
