"""The explorer's one screen: layers and neurons, a view of one of them, representative images, and the cuts."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.screen import Screen
from textual.widgets import Static

from engine.errors import MammiError
from engine.store.reader import RunReader
from mammi_tui.images.base import ImageBackend
from mammi_tui.lane import QuestionFailed
from mammi_tui.neurons import filter_help
from mammi_tui.neurons.order import ORDERS, order_after
from mammi_tui.neurons.pane import FilterLine, NeuronsPane
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.neurons.triage import judge, take_up
from mammi_tui.neurons.verdicts import Verdict, VerdictLog
from mammi_tui.notes import Note
from mammi_tui.questions.desk import Desk
from mammi_tui.questions.evidence import EvidenceAsker, LayerEvidenceAnswered, LayerEvidenceUnderway
from mammi_tui.questions.layer import LayerAnswered, LayerAsker
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.neuron import NeuronAsker
from mammi_tui.questions.start import Start
from mammi_tui.questions.subjects import Subject
from mammi_tui.screens.cuts_bar import CutsBar
from mammi_tui.screens.explorer_keys import explorer_keys
from mammi_tui.screens.history import History, Place
from mammi_tui.screens.images_pane import ImagesPane
from mammi_tui.screens.panes import Pane, Panes
from mammi_tui.text import clean
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.pane import ViewPane
from mammi_tui.views.registry import VIEWS
from mammi_tui.widgets.key_line import KeyLine
from mammi_tui.widgets.run_header import RunHeader

ALWAYS_ASKED = (NeuronAsker, LayerAsker, EvidenceAsker)
"""What the tree of neurons, the sliders and the images need, in addition to what the views ask"""
REPLACED = "The run file was replaced: reopen it to see the new one."


class ExplorerScreen(Screen[None]):
    """Lays out the panes and passes what the reader does in one of them on to the others."""

    BINDING_GROUP_TITLE = "Explorer"
    AUTO_FOCUS = "#neurons"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-one"), (80, "-two"), (120, "-three")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (15, "-low"), (20, "-short"), (28, "-middling"), (36, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        reader: RunReader,
        start: Start,
        images: ImageBackend,
        verdicts: VerdictLog,
        views: Sequence[View] = VIEWS,
    ) -> None:
        super().__init__()
        self._bindings = BindingsMap(explorer_keys(views))  # Textual takes a class's bindings before any view exists
        self.views = views
        self.verdict_log = verdicts
        self.looking = Looking(reader, start)
        self.desk = Desk(self, self.looking, (*ALWAYS_ASKED, *(asker for view in views for asker in view.asks)))
        self.history = History()
        self.header = RunHeader(reader)
        self.cuts_bar = CutsBar(self.looking)
        self.neurons = NeuronsPane(self.looking.rows, reader.concepts)
        self.view_pane = ViewPane(self.looking, views)
        self.images = ImagesPane(self.looking, images)
        self.panes = Panes(self.neurons, self.view_pane, self.images)
        self.desk.listeners += [self.cuts_bar, self.images, *self.view_pane.bodies.values()]

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.cuts_bar
        yield self.panes
        yield Static("MAMMI needs 60 × 15 cells or more", id="too-small")
        yield KeyLine()

    def on_mount(self) -> None:
        looking = self.looking
        self._take_up_verdicts()
        if looking.neuron:
            looking.rows.open.add(looking.neuron.layer)
        self.neurons.outline.rebuild(looking.neuron)
        self.neurons.draw_subtitle()
        self.header.progress = looking.rows.progress()
        self.desk.call(self.view_pane.view.asks)
        self._visit()
        if looking.cuts == looking.reader.info.cuts:
            self.desk.ask_first()
        self.desk.ask()
        self.call_after_refresh(self.desk.warm_up)

    # Answers

    @on(LayerAnswered)
    @on(LayerEvidenceAnswered)
    def draw_numbers(self) -> None:
        self.neurons.numbers_changed()

    @on(LayerEvidenceUnderway)
    def say_underway(self, message: LayerEvidenceUnderway) -> None:
        self.neurons.set_underway(message.layer)

    @on(QuestionFailed)
    def report_failure(self, message: QuestionFailed) -> None:
        self.warn(message.reason)

    def warn(self, text: str) -> None:
        """Shows a failure that the reader can fix, and goes on."""
        self.notify(clean(text), severity="warning", markup=False)

    # What is looked at

    def look_at(self, subject: Subject, view: View | None = None, *, step: bool = False) -> None:
        """Shows a subject in a view that takes it: the given one, else the present one, else the first.

        A step, such as to the next line, leaves no place in the history.
        """
        view = view or self.view_pane.view
        if not view.shows(subject):
            view = self.first_view(subject)
        of_another_kind = type(subject) is not type(self.looking.subject)
        self.looking.look_at(subject)
        if of_another_kind:
            self.refresh_bindings()  # other views can show it
        if view is not self.view_pane.view:
            self._show_view(view)
        self._visit(step=step)
        self.desk.ask()

    def go_to_neuron(self, neuron: Neuron) -> None:
        """Looks at a neuron, and puts the cursor on it."""
        self.look_at(neuron)
        self.neurons.outline.go_to(neuron)

    @on(NeuronTree.Selected)
    def follow_cursor(self, event: NeuronTree.Selected) -> None:
        if event.neuron == self.neurons.outline.here():  # else the cursor has gone on
            self.look_at(event.neuron, step=event.step and isinstance(self.looking.subject, Neuron))

    def go_to_layer(self, layer: int) -> None:
        """Opens a layer, with the cursor on its first neuron."""
        self.neurons.drop_filter()
        self.go_to_neuron(Neuron(layer, 0))

    def action_history(self, by: int) -> None:
        """Goes to the place before this one, or after it."""
        if (place := self.history.go(by)) is None:
            return
        self.look_at(place.subject, place.view)
        if isinstance(place.subject, Neuron):
            if self.looking.rows.query and self.looking.rows.line_of(place.subject) is None:
                self.neurons.drop_filter()
            self.neurons.outline.go_to(place.subject)

    def _visit(self, *, step: bool = False) -> None:
        if self.looking.subject is not None:
            place = Place(self.looking.subject, self.view_pane.view)
            self.history.visit(place, step=step, passing=isinstance(self.focused, FilterLine))

    def on_descendant_focus(self) -> None:
        self.history.settle()

    # Views and panes

    def first_view(self, subject: Subject | None) -> View:
        """The first view that takes a subject. Raises LookupError if the registry has none."""
        for view in self.views:
            if view.shows(subject):
                return view
        raise LookupError(f"no view takes {subject}")

    def action_view(self, name: str) -> None:
        """Turns to a view; if it is on screen already, turns back to the first view."""
        view = next(view for view in self.views if view.name == name)
        on_screen = self.view_pane.view is view and bool(self.view_pane.region.area)
        self.turn_to(self.first_view(self.looking.subject) if on_screen else view)

    def turn_to(self, view: View) -> None:
        """Shows a view of what is looked at."""
        self._show_view(view)
        self._visit()
        self.desk.ask()

    def _show_view(self, view: View) -> None:
        self.panes.turn_to(view)
        self.desk.call(view.asks)

    def action_pane(self, pane: Pane) -> None:
        self.panes.go_to(pane)

    def action_pane_by(self, step: int) -> None:
        self.panes.go_by(step)

    def action_back_to_pane(self) -> None:
        self.panes.go_to(self.panes.present)

    @on(NeuronTree.Left)
    def go_to_view(self) -> None:
        self.panes.go_to("view")

    def notes(self) -> tuple[list[Note], list[Note]]:
        """The notes that the help shows before the keys (on the view) and after them (on the filter)."""
        view = self.view_pane.view.help
        shown = view is not None and bool(self.view_pane.region.area)
        return [view] if view and shown else [], [filter_help.HELP] if self.panes.present == "neurons" else []

    # Cuts

    @on(CutsBar.Moved)
    @on(NeuronTree.Opened)
    @on(NeuronsPane.Filtered)
    def ask(self) -> None:
        self.desk.ask()

    def action_cut(self, name: str, step: float) -> None:
        self.cuts_bar.move_by(name, step)

    def action_own_cuts(self) -> None:
        self.cuts_bar.reset()

    def action_slider(self, name: str) -> None:
        self.set_focus(self.cuts_bar.sliders[name])

    def action_next_concept_set(self) -> None:
        self.cuts_bar.next_concept_set()

    # Films, filter and order

    def action_films(self) -> None:
        self.images.turn_films_on_or_off()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_concept_set":
            return len(self.looking.reader.concept_sets) > 1
        if action == "view":
            return any(view.name in parameters and view.shows(self.looking.subject) for view in self.views)
        return action != "filter" or not isinstance(self.focused, FilterLine)

    def action_filter(self, query: str | None = None) -> None:
        self.panes.show("neurons")
        self.neurons.open_filter(query)

    @on(ViewBody.FilterWanted)
    def filter_by(self, event: ViewBody.FilterWanted) -> None:
        self.action_filter(event.query)

    def action_drop_filter(self) -> None:
        self.neurons.drop_filter()

    def action_sort(self, order: str | None = None) -> None:
        self.neurons.sort_by(ORDERS[order] if order else order_after(self.looking.rows.order))
        self.desk.hold()  # the next key may go on to another order
        self.desk.ask()

    # Triage

    def _take_up_verdicts(self) -> None:
        try:
            take_up(self.verdict_log, self.looking.rows)
            if earlier := self.verdict_log.read().earlier:
                self.warn(earlier)
        except MammiError as error:
            self.warn(str(error))
        self.verdict_log.when_replaced = lambda: self.warn(REPLACED)

    def action_verdict(self, verdict: Verdict) -> None:
        looking, neuron = self.looking, self.neurons.outline.here()
        if neuron is None or neuron.unit == LAYER_LINE or not isinstance(looking.subject, Neuron):
            self.notify("No neuron is selected", severity="warning", markup=False)
            return
        self.look_at(neuron, step=True)  # where the cursor has just come, its answer is not on screen yet
        try:
            judge(self.verdict_log, looking.rows, neuron, verdict, looking.answer_on_screen, looking.reader.concepts)
        except MammiError as error:
            self.warn(str(error))
            return
        self.header.progress = looking.rows.progress()
        self.view_pane.draw_border()
        if verdict != "clear":
            self.action_undecided(1)
        self.neurons.numbers_changed()

    def action_undecided(self, step: int) -> None:
        rows = self.looking.rows
        following = rows.next_undecided(self.looking.neuron or Neuron(0, 0), step)
        if following is None:
            among = " that the filter leaves" if rows.query else ""
            self.notify(f"Every neuron{among} has a verdict", markup=False)
        else:
            self.go_to_neuron(following)
