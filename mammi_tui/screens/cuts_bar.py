"""The line of the two sliders: α and β, and what each leads to."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from engine.annotation.cuts import Cuts
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.neuron import NeuronAnswered
from mammi_tui.text import count, decimal
from mammi_tui.widgets.slider import Slider, stepped


class CutsBar(Horizontal):
    """Moves the cuts that the reader looks at."""

    DEFAULT_CSS = """
    CutsBar { height: 1; width: 1fr; background: $surface; }
    """

    class Moved(Message):
        """α, β or the concept set has changed."""

    def __init__(self, looking: Looking) -> None:
        super().__init__(id="cuts")
        self._looking = looking
        cuts, own = looking.cuts, looking.reader.info.cuts
        alpha, beta = "Images above τ = max − (1 − α)·(max − min)", "Concepts scoring above β · the best score"
        self.sliders = {
            "alpha": Slider("α", cuts.alpha, own.alpha, id="alpha", tooltip=alpha),
            "beta": Slider("β", cuts.beta, own.beta, id="beta", tooltip=beta),
        }

    def compose(self) -> ComposeResult:
        yield from self.sliders.values()

    def move_to(self, cuts: Cuts) -> None:
        """Sets the cuts and moves the sliders to them."""
        self._looking.cuts = cuts
        self.sliders["alpha"].value, self.sliders["beta"].value = cuts.alpha, cuts.beta
        self.post_message(self.Moved())

    def move(self, name: str, value: float) -> None:
        """Moves "alpha" or "beta"."""
        cuts = self._looking.cuts
        self.move_to(replace(cuts, alpha=value) if name == "alpha" else replace(cuts, beta=value))

    def move_by(self, name: str, step: float) -> None:
        self.move(name, stepped(getattr(self._looking.cuts, name), step))

    def reset(self) -> None:
        """Moves α and β back to the run's own."""
        own = self._looking.reader.info
        self.move_to(replace(self._looking.cuts, alpha=own.alpha, beta=own.beta))

    def choose_concept_set(self, name: str | None) -> None:
        """Lets only the concepts of one set compete; with None, all concepts."""
        self.move_to(replace(self._looking.cuts, concept_set=name))

    def next_concept_set(self) -> None:
        """Goes to the next concept set; all concepts together come after the last and before the first."""
        choices = [None, *(found.name for found in self._looking.reader.concept_sets)]
        self.choose_concept_set(choices[(choices.index(self._looking.cuts.concept_set) + 1) % len(choices)])

    @on(Slider.Changed)
    def slide(self, event: Slider.Changed) -> None:
        event.stop()
        self.move(event.slider.id or "", event.value)

    @on(NeuronAnswered)
    def show_readouts(self, message: NeuronAnswered) -> None:
        answer = message.answer
        images = "dead unit" if answer.dead else count(len(answer.images), "image")
        concepts = count(answer.annotated, "concept")
        self.sliders["alpha"].readout = (f"τ {decimal(answer.threshold, 4)} · {images}", images)
        self.sliders["beta"].readout = (f"cut {decimal(answer.cut, 4)} · {concepts}", concepts)
