"""The line of the two sliders: which images count, and the β cut; and what each leads to."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from engine.annotation.cuts import DEFAULT_TOP, TAU, Cuts, Selection, adaptive_bounds
from mammi_tui.questions.looking import Looking
from mammi_tui.questions.neuron import NeuronAnswered
from mammi_tui.text import count, decimal, number, reach
from mammi_tui.widgets.slider import Scale, Slider

_ABOVE_TAU = "Images above τ = max − (1 − α)·(max − min)"


class CutsBar(Horizontal):
    """Moves the cuts that the reader looks at."""

    DEFAULT_CSS = """
    CutsBar { height: 1; width: 1fr; background: $surface; }
    """

    class Moved(Message):
        """The cuts have changed."""

    def __init__(self, looking: Looking) -> None:
        super().__init__(id="cuts")
        self._looking = looking
        self._own = looking.reader.info.cuts
        self.sliders = {"alpha": Slider(id="alpha"), "beta": Slider(id="beta")}
        """That of "alpha" moves the number of images where the most activating ones are taken"""
        self._top = next(
            (cuts.selection.top for cuts in (looking.cuts, self._own) if cuts.selection.rule == "top"),
            min(DEFAULT_TOP, max(1, looking.reader.image_count)),
        )
        """The number of images that is gone back to"""
        self._draw()

    def compose(self) -> ComposeResult:
        yield from self.sliders.values()

    def _draw(self) -> None:
        cuts, own = self._looking.cuts, self._own
        selection, alpha, beta = cuts.selection, self.sliders["alpha"], self.sliders["beta"]
        if selection.rule == "top":
            scale = Scale(self._looking.reader.image_count)
            own_top = own.selection.top if own.selection.rule == "top" else None
            alpha.be("top", selection.top, own_top, "So many of the most activating images", scale)
        elif selection.rule == "adaptive":
            fewest, most = adaptive_bounds(self._looking.reader.image_count)
            tooltip = f"{_ABOVE_TAU}, at least {fewest:,} and at most {most:,}"
            alpha.be("adaptive α", cuts.alpha, own.alpha, tooltip)
        else:
            alpha.be("α", cuts.alpha, own.alpha, _ABOVE_TAU)
        if cuts.ranking == "z":
            beta.be("z β", cuts.beta, own.beta, "Concepts whose z lies above β · the best z")
        else:
            symbol = "β" if own.ranking == "score" else "score β"
            beta.be(symbol, cuts.beta, own.beta, "Concepts scoring above β · the best score")

    def move_to(self, cuts: Cuts) -> None:
        """Sets the cuts and moves the sliders to them."""
        self._looking.cuts = cuts
        self._top = cuts.selection.top or self._top
        self._draw()
        self.post_message(self.Moved())

    def move(self, name: str, value: float) -> None:
        """Moves "alpha" or "beta"; for "alpha" the number of images where the most activating ones are taken."""
        cuts = self._looking.cuts
        if name == "beta":
            self.move_to(replace(cuts, beta=value))
        elif cuts.selection.rule == "top":
            self.move_to(replace(cuts, selection=Selection("top", int(value))))
        else:
            self.move_to(replace(cuts, alpha=value))

    def move_by(self, name: str, step: float) -> None:
        slider = self.sliders[name]
        self.move(name, slider.scale.stepped(slider.value, step))

    def reset(self) -> None:
        """Moves all cuts but the concept set back to the run's own."""
        self.move_to(replace(self._own, concept_set=self._looking.cuts.concept_set))

    def switch_ranking(self) -> None:
        """Ranks concepts by z instead of Eq. 2's score, or by that again."""
        cuts = self._looking.cuts
        self.move_to(replace(cuts, ranking="score" if cuts.ranking == "z" else "z"))

    def next_selection(self) -> None:
        """Takes the images above τ, then the most activating ones, then an adaptive number."""
        choices = {"tau": Selection("top", self._top), "top": Selection("adaptive"), "adaptive": TAU}
        cuts = self._looking.cuts
        self.move_to(replace(cuts, selection=choices[cuts.selection.rule]))

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
        cut = number(answer.cut, 1) if answer.cuts.ranking == "z" else decimal(answer.cut, 4)
        self.sliders["alpha"].readout = (f"{reach(answer.cuts, answer.threshold)} · {images}", images)
        self.sliders["beta"].readout = (f"cut {cut} · {concepts}", concepts)
