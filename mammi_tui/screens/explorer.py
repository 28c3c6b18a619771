"""The explorer's one screen: layers and neurons, concepts, representative images, and the cuts α and β."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Static

from engine.errors import MammiError
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.images.off import OffBackend
from mammi_tui.lane import Lane
from mammi_tui.messages import LayerAnswered, NeuronAnswered, QuestionFailed
from mammi_tui.neuron_rows import Neuron, NeuronRows, Order
from mammi_tui.panes.concepts import ConceptList
from mammi_tui.panes.concepts_pane import ConceptsPane
from mammi_tui.panes.header import RunHeader
from mammi_tui.panes.neurons import NeuronsPane, NeuronTree
from mammi_tui.representatives import Representatives
from mammi_tui.text import clean, count, decimal
from mammi_tui.triage import judge, take_up
from mammi_tui.verdicts import Verdict, VerdictLog
from mammi_tui.widgets.slider import COARSE, FINE, Slider, stepped
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid

Pane = Literal["neurons", "concepts", "images"]
PANES: tuple[Pane, ...] = ("neurons", "concepts", "images")

VERDICT_GROUP = Binding.Group("Verdict", compact=True)
UNDECIDED_GROUP = Binding.Group("Undecided", compact=True)
CUT_GROUP = Binding.Group("α β", compact=True)


class NeuronQuestion(NamedTuple):
    neuron: Neuron
    alpha: float
    beta: float


class LayerQuestion(NamedTuple):
    layer: int
    alpha: float
    beta: float


class ExplorerScreen(Screen[None]):
    """Owns what is looked at (neuron, α, β); panes show it, and lanes ask the run file about it."""

    BINDING_GROUP_TITLE = "Explorer"
    AUTO_FOCUS = "#neurons"

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-one"), (80, "-two"), (120, "-three")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (15, "-low"), (36, "-tall")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="filter", tooltip="Filter neurons"),
        Binding("y", "verdict('accept')", "Accept", group=VERDICT_GROUP, id="verdict.accept",
                tooltip="Accept the annotation, and go to the next undecided neuron"),
        Binding("x", "verdict('reject')", "Reject", group=VERDICT_GROUP, id="verdict.reject",
                tooltip="Reject the annotation, and go to the next undecided neuron"),
        Binding("u", "verdict('unsure')", "Unsure", group=VERDICT_GROUP, id="verdict.unsure",
                tooltip="Mark it unsure, and go to the next undecided neuron"),
        Binding("c", "verdict('clear')", "Clear", group=VERDICT_GROUP, id="verdict.clear", tooltip="Clear the verdict"),
        Binding("n", "undecided(1)", "Next", group=UNDECIDED_GROUP, id="undecided.next",
                tooltip="Next undecided neuron"),
        Binding("N", "undecided(-1)", "Previous", group=UNDECIDED_GROUP, id="undecided.previous",
                tooltip="Previous undecided neuron"),
        Binding("a", "slider('alpha')", "α", group=CUT_GROUP, id="alpha.focus", tooltip="To the α slider"),
        Binding("b", "slider('beta')", "β", group=CUT_GROUP, id="beta.focus", tooltip="To the β slider"),
        Binding("left_square_bracket", f"cut('alpha', {-COARSE})", "α −0.01", show=False, id="alpha.down"),
        Binding("right_square_bracket", f"cut('alpha', {COARSE})", "α +0.01", show=False, id="alpha.up"),
        Binding("left_curly_bracket", f"cut('beta', {-COARSE})", "β −0.01", show=False, id="beta.down"),
        Binding("right_curly_bracket", f"cut('beta', {COARSE})", "β +0.01", show=False, id="beta.up"),
        Binding("comma", f"cut('alpha', {-FINE})", "α −0.001", show=False, id="alpha.fine-down"),
        Binding("full_stop", f"cut('alpha', {FINE})", "α +0.001", show=False, id="alpha.fine-up"),
        Binding("less_than_sign", f"cut('beta', {-FINE})", "β −0.001", show=False, id="beta.fine-down"),
        Binding("greater_than_sign", f"cut('beta', {FINE})", "β +0.001", show=False, id="beta.fine-up"),
        Binding("r", "own_cuts", "Run's α β", id="cuts.own", tooltip="Back to the run's own α and β"),
        Binding("s", "sort", "Sort", id="neurons.sort", tooltip="Sort by unit, best score or representatives"),
        Binding("tab", "pane_by(1)", "Next pane", show=False, id="pane.next", tooltip="Next pane"),
        Binding("shift+tab", "pane_by(-1)", "Previous pane", show=False, id="pane.previous", tooltip="Previous pane"),
        Binding("1", "pane('neurons')", "Neurons", show=False, id="pane.neurons", tooltip="To the neurons"),
        Binding("2", "pane('concepts')", "Concepts", show=False, id="pane.concepts", tooltip="To the concepts"),
        Binding("3", "pane('images')", "Images", show=False, id="pane.images", tooltip="To the representative images"),
        Binding("i", "films", "Films", show=False, id="images.toggle", tooltip="Show films, or only their names"),
        Binding("escape", "drop_filter", "Clear filter", show=False, id="filter.drop", tooltip="Clear the filter"),
    ]  # fmt: skip

    def __init__(
        self,
        reader: RunReader,
        *,
        start: tuple[str, int] | None,
        alpha: float,
        beta: float,
        images: ImageBackend,
        verdicts: VerdictLog,
    ) -> None:
        super().__init__()
        self.reader = reader
        self.requery = Requery(reader)
        self.alpha, self.beta = alpha, beta
        self.rows = NeuronRows(reader.layers, reader.concepts)
        self.log_of_verdicts = verdicts
        self.backend = images
        self.films = Films(reader.thumbnail)
        self.neuron = self._first(start)
        self.answer: NeuronAnswer | None = None
        self.pane: Pane = "neurons"
        self.neuron_lane = Lane(self, "neuron", self._neuron_wanted, self._ask_neuron)
        self.layer_lane = Lane(self, "layer", self._layer_wanted, self._ask_layer)
        self._warm = False

    def compose(self) -> ComposeResult:
        reader, own = self.reader, self.reader.info
        yield RunHeader(reader.path, own.target, own.vlm, reader.image_count, len(reader.concepts))
        with Horizontal(id="cuts"):
            yield Slider("α", self.alpha, own.alpha, id="alpha", tooltip="Images above τ = max − (1 − α)·(max − min)")
            yield Slider("β", self.beta, own.beta, id="beta", tooltip="Concepts scoring above β · the best score")
        with Horizontal(id="panes"):
            yield NeuronsPane(self.rows, reader.concepts)
            with Container(id="right"):
                yield ConceptsPane(reader.concepts)
                with Container(id="images-pane", classes="pane"):
                    yield ThumbnailGrid(self.films, self.backend, id="images")
        yield Static("MAMMI needs 60 × 15 cells or more", id="too-small")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        try:
            take_up(self.log_of_verdicts, self.rows)
        except MammiError as error:
            self._tell(error)
        self.query_one("#images-pane").border_title = "3 Representative images"
        if self.neuron:
            self.rows.open.add(self.neuron.layer)
        tree = self.query_one(NeuronTree)
        tree.rebuild(self.neuron)
        self.query_one(NeuronsPane).draw_subtitle()
        self.query_one(RunHeader).progress = self.rows.progress()
        self._show_pane("neurons")
        self.neuron_lane.pump()

    # What is asked, and what comes back

    def _neuron_wanted(self) -> NeuronQuestion | None:
        if self.neuron is None or self.answer_on_screen() is not None:
            return None
        return NeuronQuestion(self.neuron, self.alpha, self.beta)

    def answer_on_screen(self) -> NeuronAnswer | None:
        """The answer shown, when it is of the neuron, α and β looked at now."""
        answer, neuron = self.answer, self.neuron
        if answer is None or neuron is None or (answer.alpha, answer.beta) != (self.alpha, self.beta):
            return None
        here = (self.rows.layers[neuron.layer].name, neuron.unit)
        return answer if (answer.layer, answer.unit) == here else None

    def _layer_wanted(self) -> LayerQuestion | None:
        """The neuron's layer first, then the other open ones; with a filter or a sort all, as it needs their scores."""
        if self._neuron_wanted() is not None:
            return None
        layers = [self.neuron.layer] if self.neuron else []
        layers += range(len(self.rows.layers)) if self.rows.query else sorted(self.rows.open)
        for layer in layers:
            answer = self.rows.answers[layer]
            if answer is None or (answer.alpha, answer.beta) != (self.alpha, self.beta):
                return LayerQuestion(layer, self.alpha, self.beta)
        return None

    def _ask_neuron(self, question: NeuronQuestion) -> Message:
        neuron = question.neuron
        answer = self.requery.neuron(self.rows.layers[neuron.layer].name, neuron.unit, question.alpha, question.beta)
        return NeuronAnswered(answer, Representatives(self.reader, answer))

    def _ask_layer(self, question: LayerQuestion) -> Message:
        name = self.rows.layers[question.layer].name
        answer = self.requery.layer(name, question.alpha, question.beta)
        return LayerAnswered(question.layer, answer, self.reader.findings(name))

    def on_neuron_answered(self, message: NeuronAnswered) -> None:
        if self.neuron_lane.settle():
            self._show(message.answer, message.representatives)
        self.neuron_lane.pump()
        self.layer_lane.pump()

    def on_layer_answered(self, message: LayerAnswered) -> None:
        self.layer_lane.settle()
        if (message.answer.alpha, message.answer.beta) == (self.alpha, self.beta):
            self.rows.findings[message.layer] = message.findings
            self.query_one(NeuronsPane).take_answer(message.layer, message.answer, self.query_one(NeuronTree).here())
            self._warm_up()
        self.layer_lane.pump()

    def on_question_failed(self, message: QuestionFailed) -> None:
        lane = self.neuron_lane if message.lane == self.neuron_lane.name else self.layer_lane
        lane.settle(failed=True)
        self._tell(MammiError(message.reason))
        self.neuron_lane.pump()
        self.layer_lane.pump()

    def _warm_up(self) -> None:
        """Loads, once and after the first frame, what every later (α, β) needs."""
        if not self._warm:
            self._warm = True
            self.run_worker(self.requery.warm, name="warm", thread=True)

    def _tell(self, error: MammiError) -> None:
        self.notify(clean(str(error)), severity="warning", markup=False)

    # What is shown

    def _first(self, start: tuple[str, int] | None) -> Neuron | None:
        """Where to start: as asked, or at the first living unit of the last layer."""
        layers = self.rows.layers
        if start is not None:
            return Neuron([layer.name for layer in layers].index(start[0]), start[1])
        if not layers:
            return None
        last = len(layers) - 1
        living = [unit for unit in range(layers[last].units) if not self.rows.is_dead(Neuron(last, unit))]
        return Neuron(last, living[0] if living else 0)

    def neuron_name(self, neuron: Neuron) -> str:
        return f"{self.rows.layers[neuron.layer].name}:{neuron.unit}"

    def _show(self, answer: NeuronAnswer, representatives: Representatives) -> None:
        self.answer = answer
        concepts = self.query_one(ConceptsPane)
        concepts.show(answer)
        concepts.border_subtitle = Content(clean(f"{answer.layer}:{answer.unit}"))
        images = count(len(answer.images), "image")
        tau = "dead unit" if answer.dead else f"τ {decimal(answer.threshold, 4)} · {images}"
        cut = f"cut {decimal(answer.cut, 4)} · {count(answer.annotated, 'concept')}"
        self.query_one("#alpha", Slider).readout = (tau, images)
        self.query_one("#beta", Slider).readout = (cut, count(answer.annotated, "concept"))
        self.query_one("#images-pane").border_subtitle = Content(tau)
        self.query_one(ThumbnailGrid).set_images(representatives)

    @on(NeuronTree.Selected)
    def look_at(self, event: NeuronTree.Selected) -> None:
        self.neuron = event.neuron
        self.neuron_lane.pump()
        self.layer_lane.pump()

    @on(NeuronTree.Opened)
    @on(NeuronsPane.Filtered)
    def ask_layers(self) -> None:
        self.layer_lane.pump()

    @on(ThumbnailGrid.Opened)
    def open_film(self, event: ThumbnailGrid.Opened) -> None:
        from mammi_tui.screens.film import FilmScreen

        grid = event.grid
        screen = FilmScreen(
            "" if self.neuron is None else self.neuron_name(self.neuron),
            grid.items,
            event.index,
            films=self.films,
            describe=lambda image: self.reader.images([image])[0],
            backend=self.backend,
        )
        self.app.push_screen(screen, lambda index: grid.action_go_to(index or 0))

    # α and β

    @on(Slider.Changed)
    def slide(self, event: Slider.Changed) -> None:
        self.set_cut(event.slider.id or "", event.value)

    def set_cut(self, name: str, value: float) -> None:
        """Moves α or β, and asks anew."""
        if name == "alpha":
            self.alpha = value
        else:
            self.beta = value
        self.query_one(f"#{name}", Slider).value = value
        self.neuron_lane.pump()
        self.layer_lane.pump()

    def action_cut(self, name: str, step: float) -> None:
        self.set_cut(name, stepped(self.alpha if name == "alpha" else self.beta, step))

    def action_own_cuts(self) -> None:
        self.set_cut("alpha", self.reader.info.alpha)
        self.set_cut("beta", self.reader.info.beta)

    def action_slider(self, name: str) -> None:
        self.query_one(f"#{name}", Slider).focus()

    # Panes

    def action_pane_by(self, step: int) -> None:
        self.action_pane(PANES[(PANES.index(self.pane) + step) % len(PANES)])

    def action_pane(self, pane: Pane) -> None:
        self._show_pane(pane)
        self.call_after_refresh(self.query_one(f"#{pane}").focus)

    def action_back_to_pane(self) -> None:
        self.action_pane(self.pane)

    def _show_pane(self, pane: Pane) -> None:
        """Where not all panes have room, shows this one."""
        self.pane = pane
        for name in PANES:
            self.set_class(name == pane, f"-at-{name}")
        if pane != "neurons":
            self.set_class(pane == "images", "-right-images")

    def on_descendant_focus(self) -> None:
        """Follows the mouse: a click may focus another pane."""
        for name in PANES:
            if self.focused and self.focused.id == name and self.pane != name:
                self._show_pane(name)

    def on_resize(self) -> None:
        self.call_after_refresh(self._keep_focus)

    def _keep_focus(self) -> None:
        if self.focused is None and self.is_current:
            self.query_one(f"#{self.pane}", Widget).focus()

    @on(NeuronTree.Left)
    def to_concepts(self) -> None:
        self.action_pane("concepts")

    def action_films(self) -> None:
        grid = self.query_one(ThumbnailGrid)
        grid.backend = OffBackend() if grid.backend.name != "off" else self.backend
        grid.set_images(grid.items)

    # Filter and order

    def action_filter(self) -> None:
        self.action_pane("neurons")
        self.call_after_refresh(self.query_one(NeuronsPane).open_filter)

    def action_drop_filter(self) -> None:
        self.query_one(NeuronsPane).drop_filter()

    @on(ConceptList.Chosen)
    def filter_by_concept(self, event: ConceptList.Chosen) -> None:
        self._show_pane("neurons")
        self.call_after_refresh(self.query_one(NeuronsPane).open_filter, clean(self.reader.concepts[event.concept]))

    def action_sort(self, order: str | None = None) -> None:
        pane = self.query_one(NeuronsPane)
        self.rows.order = Order(order) if order else self.rows.order.next()
        pane.tree_list.rebuild(pane.tree_list.here())
        pane.draw_heads()
        pane.draw_subtitle()

    def go_to_layer(self, layer: int) -> None:
        """Opens a layer, with the cursor on its first neuron."""
        self.query_one(NeuronsPane).drop_filter()
        self.query_one(NeuronTree).go_to(Neuron(layer, 0))

    # Triage

    def action_verdict(self, verdict: Verdict) -> None:
        if self.neuron is None:
            return
        neuron = self.neuron
        try:
            judge(self.log_of_verdicts, self.rows, neuron, verdict, self.answer_on_screen(), self.reader.concepts)
        except MammiError as error:
            self._tell(error)
            return
        self.query_one(RunHeader).progress = self.rows.progress()
        self.query_one(NeuronTree).refresh()
        if verdict != "clear":
            self.action_undecided(1)
        if self.rows.query:
            self.query_one(NeuronTree).rebuild(self.neuron)

    def action_undecided(self, step: int) -> None:
        start = self.neuron or Neuron(0, 0)
        following = self.rows.next_undecided(start, step)
        if following is None:
            among = " among those the filter leaves" if self.rows.query else ""
            self.notify(f"Every neuron{among} has a verdict", markup=False)
        else:
            self.query_one(NeuronTree).go_to(following)
