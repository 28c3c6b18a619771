"""The explorer's one screen: layers and neurons, a view of one of them, representative images, and the cuts."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from mammi_tui.keyboard.counting_app import Counting, counted
from mammi_tui.keyboard.key_order import KeysInOrderApp
from mammi_tui.lane import QuestionFailed
from mammi_tui.neurons import order
from mammi_tui.neurons.filter import help as filter_help
from mammi_tui.neurons.pane import NeuronsPane
from mammi_tui.neurons.rows import Neuron
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.notes import Note
from mammi_tui.questions.checkup import CheckAnswered
from mammi_tui.questions.evidence import LayerEvidenceAnswered, LayerEvidenceUnderway
from mammi_tui.questions.layer import LayerAnswered, RowsAnswered
from mammi_tui.questions.matters import MattersAnswered
from mammi_tui.questions.subjects import ClassSubject
from mammi_tui.screens.comparing import Comparing
from mammi_tui.screens.cuts_bar import CutsBar
from mammi_tui.screens.films import Films
from mammi_tui.screens.handing_on import HandingOn
from mammi_tui.screens.images_pane import ImagesPane
from mammi_tui.screens.own_words import OwnWords
from mammi_tui.screens.returning import Returning
from mammi_tui.screens.second_reader import SecondReader
from mammi_tui.screens.taking_back import TakingBack
from mammi_tui.terminal import garbage
from mammi_tui.views.base import View
from mammi_tui.widgets.key_line import KeyLine
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid
from mammi_tui.widgets.way_back import Stranded


class ExplorerScreen(Comparing, Films, OwnWords, TakingBack, SecondReader, HandingOn, Returning, Counting):
    """Lays out the panes, and connects them with one another and with the questions to the run file."""

    BINDING_GROUP_TITLE = "Explorer"
    AUTO_FOCUS = "#neurons"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-one"), (80, "-two"), (120, "-three")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (15, "-low"), (20, "-short"), (28, "-middling"), (36, "-tall")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.cuts_bar
        yield self.panes
        yield Static("MAMMI needs 60 × 15 cells or more", id="too-small")
        yield self.one_line
        yield KeyLine()

    def on_mount(self) -> None:
        looking = self.looking
        if isinstance(self.app, KeysInOrderApp):
            self.app.hold_keys(lambda: None)  # a key may lead to a view that is not there yet
        if looking.neuron:
            looking.rows.open.add(looking.neuron.layer)
        self.come_back()
        self.neurons.outline.rebuild(looking.neuron)
        self.neurons.draw_subtitle()
        self.take_up_verdicts()
        self.come_back_to_filter()
        self.follow_log()
        self.desk.call(self.view_pane.view.asks)
        self.visit()
        if looking.cuts == looking.reader.info.cuts:
            self.desk.ask_first()
        self.desk.ask()
        self.call_after_refresh(self._go_on)

    async def _go_on(self) -> None:
        """Does what could wait until the first frame is on screen."""
        await self.view_pane.mount_others()
        if isinstance(self.app, KeysInOrderApp):
            self.app.release_keys()
        garbage.go_on()
        self.come_back_to_subject()
        if self.film and self.film.neuron:
            self._list_films(self.film.neuron)
            self.desk.ask()
        if self.start.compared:
            self.compare_with(self.start.compared)
        self.desk.warm_up()

    # Answers

    @on(RowsAnswered)
    @on(LayerAnswered)
    @on(LayerEvidenceAnswered)
    @on(CheckAnswered)
    @on(MattersAnswered)
    def draw_numbers(self) -> None:
        self.neurons.numbers_changed()

    @on(LayerEvidenceUnderway)
    def say_underway(self, message: LayerEvidenceUnderway) -> None:
        self.neurons.set_underway(message.layer)

    @on(QuestionFailed)
    def report_failure(self, message: QuestionFailed) -> None:
        self.warn(message.reason)

    # Views and panes

    def action_view(self, name: str) -> None:
        """Turns to a view; if it is on screen already, turns back to the first view, or to where the reader was."""
        view = next(view for view in self.views if view.name == name)
        subject = self.looking.subject
        if self.view_pane.view is view and self.view_pane.region.area:
            first = self.first_view(subject)
            if first is not view:
                self.turn_to(first)
            elif not self.view_pane.body.begin():
                self._leave(view)
        elif view.shows(subject):
            self.turn_to(view)
        elif view.instead and (found := view.instead(self.looking)) is not None:
            self.look_at(found, view)
            self.panes.go_to("view")
            self.view_pane.body.begin()
        else:
            self.notify(f"{view.title}: nothing here leads to it", severity="warning", markup=False)

    def _leave(self, view: View) -> None:
        """Goes back to where the reader was before a view, with the present filter; else to the neuron."""
        place = self.history.last(lambda place: place.view is not view)
        if place is not None and not isinstance(place.subject, Neuron):
            self.go_to_place(replace(place, query=self.looking.rows.query))
        elif self.looking.neuron is not None:
            self.show_neuron(self.looking.neuron)

    @counted
    def action_pane_by(self, step: int) -> None:
        self.panes.go_by(step)

    @on(Stranded)
    def action_back_to_pane(self) -> None:
        self.panes.go_to(self.panes.present)

    @on(NeuronTree.Left)
    def go_to_view(self) -> None:
        """Goes to the view; from a unit that stands for one of the model's outputs, to that class."""
        neuron, reader = self.looking.neuron, self.looking.reader
        name = self.looking.rows.class_of(neuron) if neuron else ""
        if name in reader.classes:
            self.look_at(ClassSubject(name))
        self.panes.go_to("view")

    def notes(self) -> tuple[list[Note], list[Note]]:
        """The notes that the help shows before the keys (on the view) and after them (on the filter and the orders)."""
        view = self.view_pane.view.help
        shown = view is not None and bool(self.view_pane.region.area)
        return [view] if view and shown else [], [
            filter_help.HELP,
            order.HELP,
        ] if self.panes.present == "neurons" else []

    # Cuts

    @on(CutsBar.Moved)
    @on(NeuronTree.Opened)
    @on(NeuronsPane.Filtered)
    def ask(self) -> None:
        self.desk.ask()

    @counted
    def action_cut(self, name: str, step: float) -> None:
        self.cuts_bar.move_by(name, step)

    def action_own_cuts(self) -> None:
        self.cuts_bar.reset()

    def action_ranking(self) -> None:
        self.cuts_bar.switch_ranking()

    def action_selection(self) -> None:
        self.cuts_bar.next_selection()

    def action_slider(self, name: str) -> None:
        self.set_focus(self.cuts_bar.sliders[name])

    def action_next_concept_set(self) -> None:
        self.cuts_bar.next_concept_set()

    # Films

    @on(ThumbnailGrid.RangeWanted)
    @on(ImagesPane.RangeWanted)
    def show_range(self, event: ThumbnailGrid.RangeWanted | ImagesPane.RangeWanted) -> None:
        """Shows the neuron's films from another range of its activations. A verdict is about its words all the same."""
        event.stop()
        self.images.turn_to_range(event.range if isinstance(event, ImagesPane.RangeWanted) else event.by)
        self.desk.ask()

    def action_films(self) -> None:
        self.images.turn_films_on_or_off()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_concept_set":
            return len(self.looking.reader.concept_sets) > 1
        if action == "view":
            subject = self.looking.subject
            return any(view.name in parameters and (view.instead or view.shows(subject)) for view in self.views)
        return super().check_action(action, parameters)
