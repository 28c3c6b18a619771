"""What the explorer's screen is made of, and what all its parts do: look at a subject, turn to a view, warn.

The screen itself is in mammi_tui/screens/explorer.py. Each concern of the reader has a mixin beside it, such as finding
neurons and judging them.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import BindingsMap

from engine.store.reader import RunReader
from mammi_tui.images.base import ImageBackend
from mammi_tui.neurons.filter_line import FilterLine
from mammi_tui.neurons.pane import NeuronsPane
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.questions.checkup import CheckUpAsker
from mammi_tui.questions.desk import Desk
from mammi_tui.questions.evidence import EvidenceAsker
from mammi_tui.questions.examples import ExamplesAsker
from mammi_tui.questions.layer import LayerAsker, RowsAsker
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.matters import MattersAsker
from mammi_tui.questions.neuron import NeuronAsker
from mammi_tui.questions.start import Start
from mammi_tui.questions.subjects import Subject
from mammi_tui.screens.cuts_bar import CutsBar
from mammi_tui.screens.explorer_keys import explorer_keys
from mammi_tui.screens.history import History, Place
from mammi_tui.screens.images_pane import ImagesPane
from mammi_tui.screens.panes import Panes
from mammi_tui.state.keeper import StateKeeper
from mammi_tui.terminal.frugal import FrugalScreen
from mammi_tui.text import clean
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.views.base import View
from mammi_tui.views.films import SearchLine
from mammi_tui.views.pane import ViewPane
from mammi_tui.views.registry import VIEWS
from mammi_tui.widgets.one_line import OneLine
from mammi_tui.widgets.run_header import RunHeader

ALWAYS_ASKED = (NeuronAsker, ExamplesAsker, RowsAsker, LayerAsker, EvidenceAsker, CheckUpAsker, MattersAsker)
"""What the tree of neurons, the sliders and the images need, in addition to what the views ask"""


class ExplorerBase(FrugalScreen[None]):
    """Holds the panes, and passes what the reader does in one of them on to the others."""

    def __init__(
        self,
        reader: RunReader,
        start: Start,
        images: ImageBackend,
        verdicts: VerdictLog,
        views: Sequence[View] = VIEWS,
        keeper: StateKeeper | None = None,
    ) -> None:
        super().__init__()
        self.start = start
        self.keeper = keeper or StateKeeper()
        self._bindings = BindingsMap(explorer_keys(views))  # Textual takes a class's bindings before any view exists
        self.views = views
        self.verdict_log = verdicts
        self.looking = Looking(reader, start)
        self.desk = Desk(self, self.looking, (*ALWAYS_ASKED, *(asker for view in views for asker in view.asks)))
        self.history = History()
        self.header = RunHeader(reader, verdicts.reader)
        self.cuts_bar = CutsBar(self.looking)
        self.neurons = NeuronsPane(self.looking.rows, reader.concepts)
        self.view_pane = ViewPane(self.looking, views, self._view_at_start())
        self.images = ImagesPane(self.looking, images)
        for body in self.view_pane.bodies.values():
            body.use_backend(images)
        self.panes = Panes(self.neurons, self.view_pane, self.images)
        self.one_line = OneLine()
        self.desk.listeners += [self.cuts_bar, self.images, *self.view_pane.bodies.values()]

    def _view_at_start(self) -> View:
        """The view that the reader left, if it shows the subject at the start; else the first that does."""
        subject, name = self.looking.subject, self.keeper.state.view
        kept = (view for view in self.views if view.name == name and view.shows(subject))
        return next(kept, None) or self.first_view(subject)

    def warn(self, text: str, seconds: float | None = None) -> None:
        """Shows a failure that the reader can fix, and goes on. `seconds`: for how long, where not as usual."""
        self.notify(clean(text), severity="warning", markup=False, timeout=seconds)

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
        self.visit(step=step)
        self.desk.ask()

    def go_to_neuron(self, neuron: Neuron) -> None:
        """Looks at a neuron, and puts the cursor on it."""
        self.look_at(neuron)
        self.neurons.outline.go_to(neuron)

    def show_next(self, neuron: Neuron) -> None:
        """Goes on to a neuron from the one that was judged, as the reader looks at it."""
        self.go_to_neuron(neuron)

    def go_to_undecided(self, step: int) -> None:
        """Goes to the next neuron that is not decided, or with −1 to the one before, in the order shown."""
        start = self.neurons.outline.here() or self.looking.neuron or Neuron(0, 0)
        self.go_on(*self.looking.rows.next_undecided(start, step), step)

    def go_on(self, following: Neuron | None, round_the_end: bool, step: int) -> None:
        """Goes to what NeuronRows.next_undecided has found, and says where nothing is left or the list began again."""
        if following is None:
            rows = self.looking.rows
            among = " that the filter leaves" if rows.query else ""
            here = self.neurons.outline.here()
            others = "other " if here and here.unit != LAYER_LINE and not rows.is_decided(here) else ""
            self.notify(f"Every {others}neuron{among} has a verdict", markup=False)
            return
        if round_the_end:
            self.notify("From the top again" if step > 0 else "From the end again", markup=False)
        self.show_next(following)

    def visit(self, *, step: bool = False) -> None:
        """Notes in the history what is looked at."""
        if self.looking.subject is not None:
            place = Place(self.looking.subject, self.view_pane.view, self.looking.rows.query)
            self.history.visit(place, step=step, passing=isinstance(self.focused, FilterLine | SearchLine))

    # Views

    def first_view(self, subject: Subject | None) -> View:
        """The first view that takes a subject. Raises LookupError if the registry has none."""
        for view in self.views:
            if view.shows(subject):
                return view
        raise LookupError(f"no view takes {subject}")

    def turn_to(self, view: View) -> None:
        """Shows a view of what is looked at."""
        self._show_view(view)
        self.visit()
        self.desk.ask()

    def _show_view(self, view: View) -> None:
        self.panes.turn_to(view)
        self.desk.call(view.asks)
