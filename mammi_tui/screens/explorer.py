"""The explorer's one screen: layers and neurons, concepts, representative images, and the cuts α and β."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Static

from engine.errors import MammiError
from engine.evidence.answers import NeuronEvidence
from engine.requery import LayerAnswer, NeuronAnswer
from engine.store.reader import RunReader
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.films import Films
from mammi_tui.images.off import OffBackend
from mammi_tui.neurons.order import ORDERS, order_after
from mammi_tui.neurons.pane import FilterLine, NeuronsPane
from mammi_tui.neurons.rows import LAYER_LINE, Neuron
from mammi_tui.neurons.tree import NeuronTree
from mammi_tui.neurons.triage import judge, take_up
from mammi_tui.neurons.verdicts import Verdict, VerdictLog
from mammi_tui.questions.representatives import Representatives
from mammi_tui.questions.start import Start
from mammi_tui.screens.explorer_keys import EXPLORER_KEYS
from mammi_tui.screens.pane_screen import PaneScreen
from mammi_tui.text import clean, count, decimal
from mammi_tui.views.concepts import ConceptList
from mammi_tui.views.method_columns import MethodColumn
from mammi_tui.views.pane import ConceptsPane, Subject
from mammi_tui.widgets.key_line import KeyLine
from mammi_tui.widgets.run_header import RunHeader
from mammi_tui.widgets.slider import Slider, stepped
from mammi_tui.widgets.thumbnail_grid import ThumbnailGrid


class ExplorerScreen(PaneScreen, inherit_bindings=False):
    """Lays out the panes, and takes what the reader does from one to the others."""

    BINDING_GROUP_TITLE = "Explorer"
    BINDINGS = EXPLORER_KEYS
    AUTO_FOCUS = "#neurons"

    def __init__(self, reader: RunReader, start: Start, images: ImageBackend, verdicts: VerdictLog) -> None:
        super().__init__(reader, start)
        self.verdict_log = verdicts
        self.backend = images
        self.films = Films(reader.thumbnail)

    def compose(self) -> ComposeResult:
        reader, own = self.reader, self.reader.info
        yield RunHeader(
            reader.path, own.target, own.vlm, reader.image_count, len(reader.concepts), len(reader.concept_sets)
        )
        with Horizontal(id="cuts"):
            yield Slider(
                "α", self.cuts.alpha, own.alpha, id="alpha", tooltip="Images above τ = max − (1 − α)·(max − min)"
            )
            yield Slider("β", self.cuts.beta, own.beta, id="beta", tooltip="Concepts scoring above β · the best score")
        with Horizontal(id="panes"):
            yield NeuronsPane(self.rows, reader.concepts)
            with Container(id="right"):
                yield ConceptsPane(reader.concepts, reader.concept_sets, own.alpha)
                with Container(id="images-pane", classes="pane"):
                    yield ThumbnailGrid(self.films, self.backend, id="images")
        yield Static("MAMMI needs 60 × 15 cells or more", id="too-small")
        yield KeyLine()

    def on_mount(self) -> None:
        try:
            take_up(self.verdict_log, self.rows)
            if earlier := self.verdict_log.read().earlier:
                self.notify(clean(earlier), severity="warning", markup=False)
        except MammiError as error:
            self.tell(error)
        replaced = "The run file was replaced: reopen it to see the new one."
        self.verdict_log.when_replaced = lambda: self.notify(replaced, severity="warning", markup=False)
        self.query_one("#images-pane").border_title = "3 Representative images"
        if self.neuron:
            self.rows.open.add(self.neuron.layer)
        neurons = self.query_one(NeuronsPane)
        neurons.outline.rebuild(self.neuron)
        neurons.draw_subtitle()
        self.query_one(RunHeader).progress = self.rows.progress()
        self.show_pane("neurons")
        if self.cuts == self.reader.info.cuts:
            self.ask_first()
        self.ask()
        self.call_after_refresh(self.warm_up)

    # Answers

    def show_neuron(self, answer: NeuronAnswer, representatives: Representatives) -> None:
        images = count(len(answer.images), "image")
        concepts = count(answer.annotated, "concept")
        tau = f"τ {decimal(answer.threshold, 4)} · {'dead unit' if answer.dead else images}"
        self.query_one("#alpha", Slider).readout = (tau, "dead unit" if answer.dead else images)
        self.query_one("#beta", Slider).readout = (f"cut {decimal(answer.cut, 4)} · {concepts}", concepts)
        self._show_concepts(answer)
        self.query_one("#images-pane").border_subtitle = Content(tau)
        self.query_one(ThumbnailGrid).set_images(representatives)

    def _show_concepts(self, answer: NeuronAnswer) -> None:
        if self.neuron:
            self.query_one(ConceptsPane).show(answer, self._subject(self.neuron), self.rows.verdicts.get(self.neuron))

    def _subject(self, neuron: Neuron) -> Subject:
        return Subject(self.neuron_name(neuron), self._class_name(neuron), self.cuts.concept_set)

    def _class_name(self, neuron: Neuron) -> str:
        """The class that a final layer's unit stands for, if known."""
        names = self.rows.layers[neuron.layer].unit_names
        return names[neuron.unit] if names else ""

    def show_layer(self, layer: int, answer: LayerAnswer) -> None:  # noqa: ARG002
        self.query_one(NeuronsPane).numbers_changed()

    def show_evidence(self, evidence: NeuronEvidence | None, reason: str) -> None:
        if self.neuron:
            self.query_one(ConceptsPane).show_evidence(evidence, reason, self._subject(self.neuron))

    def show_methods(self, columns: Sequence[MethodColumn], reason: str) -> None:
        if self.neuron:
            self.query_one(ConceptsPane).show_methods(columns, reason, self._subject(self.neuron))

    def dim(self, *, evidence: bool, methods: bool) -> None:
        self.query_one(ConceptsPane).dim(evidence=evidence, methods=methods)

    def show_layer_evidence(self) -> None:
        self.query_one(NeuronsPane).numbers_changed()

    def show_underway(self, underway: bool) -> None:
        self.query_one(NeuronsPane).set_underway(underway)

    @on(NeuronTree.Selected)
    def look_at(self, event: NeuronTree.Selected) -> None:
        self.neuron = event.neuron
        self.ask()

    @on(NeuronTree.Opened)
    @on(NeuronsPane.Filtered)
    def ask_layers(self) -> None:
        self.ask()

    @on(ThumbnailGrid.Opened)
    def open_film(self, event: ThumbnailGrid.Opened) -> None:
        from mammi_tui.screens.film import FilmScreen

        grid = event.grid
        screen = FilmScreen(
            f"{self.neuron_name(self.neuron)} {self._class_name(self.neuron)}".rstrip() if self.neuron else "",
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
        self.cuts = replace(self.cuts, alpha=value) if name == "alpha" else replace(self.cuts, beta=value)
        self.query_one(f"#{name}", Slider).value = value
        self.ask()

    def action_cut(self, name: str, step: float) -> None:
        self.set_cut(name, stepped(getattr(self.cuts, name), step))

    def action_own_cuts(self) -> None:
        self.set_cut("alpha", self.reader.info.alpha)
        self.set_cut("beta", self.reader.info.beta)

    def action_slider(self, name: str) -> None:
        self.set_focus(self.query_one(f"#{name}", Slider))

    # Concept sets

    def action_next_concept_set(self) -> None:
        """From all concepts to the first concept set, and so on, round."""
        choices = [None, *(known.name for known in self.reader.concept_sets)]
        self.choose_concept_set(choices[(choices.index(self.cuts.concept_set) + 1) % len(choices)])

    def choose_concept_set(self, name: str | None) -> None:
        """Lets only the concepts of a set compete, or with None all."""
        self.cuts = replace(self.cuts, concept_set=name)
        self.ask()

    # Films

    def action_films(self) -> None:
        grid = self.query_one(ThumbnailGrid)
        grid.backend = self.backend if grid.backend is not self.backend else OffBackend()
        grid.set_images(grid.items)

    # Filter and order

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if action == "next_concept_set":
            return len(self.reader.concept_sets) > 1
        return action != "filter" or not isinstance(self.focused, FilterLine)

    def action_filter(self, text: str | None = None) -> None:
        self.show_pane("neurons")
        self.query_one(NeuronsPane).open_filter(text)

    def action_drop_filter(self) -> None:
        self.query_one(NeuronsPane).drop_filter()

    @on(ConceptList.Chosen)
    def filter_by_concept(self, event: ConceptList.Chosen) -> None:
        concept = self.reader.concepts[event.concept]
        self.action_filter(clean(concept) if concept.isalpha() else f'"{clean(concept)}"')

    def action_sort(self, order: str | None = None) -> None:
        self.query_one(NeuronsPane).sort_by(ORDERS[order] if order else order_after(self.rows.order))
        self.hold_evidence()  # the next key may go on to another order
        self.ask()

    def go_to_layer(self, layer: int) -> None:
        """Opens a layer, with the cursor on its first neuron."""
        self.action_drop_filter()
        self.query_one(NeuronTree).go_to(Neuron(layer, 0))

    # Triage

    def action_verdict(self, verdict: Verdict) -> None:
        neuron = self.query_one(NeuronTree).here()
        if neuron is None or neuron.unit == LAYER_LINE:
            self.notify("No neuron is selected", severity="warning", markup=False)
            return
        self.neuron = neuron  # also where the cursor has just come: its answer is not on screen yet
        answer = self.answer_on_screen()
        try:
            judge(self.verdict_log, self.rows, neuron, verdict, answer, self.reader.concepts)
        except MammiError as error:
            self.tell(error)
            return
        self.query_one(RunHeader).progress = self.rows.progress()
        if answer:
            self._show_concepts(answer)
        if verdict != "clear":
            self.action_undecided(1)
        self.query_one(NeuronsPane).numbers_changed()

    def action_undecided(self, step: int) -> None:
        following = self.rows.next_undecided(self.neuron or Neuron(0, 0), step)
        if following is None:
            among = " that the filter leaves" if self.rows.query else ""
            self.notify(f"Every neuron{among} has a verdict", markup=False)
        else:
            self.query_one(NeuronTree).go_to(following)
