"""The sentence below the concepts: how far they can be trusted."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from engine.evidence.answers import NeuronEvidence
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.text import clean, fit, wrap

COLOURS = {
    "line--good": "$text-success bold",
    "line--unsure": "$text-warning bold",
    "line--bad": "$text-error bold",
}


class Summary(Static):
    """Takes no room until there is evidence. A `stale` sentence is dimmed."""

    DEFAULT_CSS = """
    Summary {
        height: 7;
        width: 1fr;
        padding: 0 1;
        border-top: solid $border-blurred;
        color: $foreground;
        display: none;
        &.-used { display: block; }
        &.-stale { color: $foreground 45%; }
    }
    """

    stale: reactive[bool] = reactive(False)

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes, markup=False)
        self.evidence: NeuronEvidence | None = None

    def show(self, evidence: NeuronEvidence | None) -> None:
        """Draws a neuron's sentence. With None it is blank and keeps its room."""
        self.evidence = evidence
        self.stale = False
        self.set_class(self.has_class("-used") or evidence is not None, "-used")
        self._draw()

    def watch_stale(self) -> None:
        self.set_class(self.stale, "-stale")
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        """Draws as much of the sentence as fits."""
        width, height = self.content_size
        if self.evidence is None or width < 4 or not height:
            self.update("")
            return
        mark, style = TRUST_MARKS[self.evidence.trust]
        lines = list(wrap(clean(self.evidence.sentence, 2000), width - 2))
        if len(lines) > height:
            lines[height - 1] = fit(f"{lines[height - 1]} {lines[height]}", width - 2)
        text = "\n  ".join(lines[:height])
        self.update(Content.assemble((f"{mark} ", "" if self.stale else COLOURS[style]), text))
