"""The sentence below the concepts: how far they can be trusted."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from engine.evidence.answers import NeuronEvidence
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.text import clean, fit, wrap
from mammi_tui.widgets.still import StillLines


class Summary(StillLines):
    """Takes no room until there is evidence. A `stale` sentence is dimmed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--good", "line--unsure", "line--bad", "line--text", "line--stale"}

    DEFAULT_CSS = """
    Summary {
        height: 7;
        width: 1fr;
        padding: 0 1;
        border-top: solid $border-blurred;
        display: none;
        &.-used { display: block; }
        .line--good { color: $text-success; text-style: bold; }
        .line--unsure { color: $text-warning; text-style: bold; }
        .line--bad { color: $text-error; text-style: bold; }
        .line--text { color: $foreground; }
        .line--stale { color: $foreground 45%; }
    }
    """

    stale: reactive[bool] = reactive(False, repaint=False)

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.evidence: NeuronEvidence | None = None
        self._lines: list[str] = []
        self._lines_for = Size(0, 0)
        """The size in which the sentence is broken into lines: a line may be drawn before the event of a new size"""

    def show(self, evidence: NeuronEvidence | None) -> None:
        """Draws a neuron's sentence. With None it is blank and keeps its room."""
        self.evidence = evidence
        self.set_reactive(Summary.stale, False)
        if evidence is not None:
            self.add_class("-used")
        self._lay_out()

    def _lay_out(self) -> None:
        self._break_lines()
        self.redraw()

    def watch_stale(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self._lay_out()

    def _break_lines(self) -> None:
        """Takes as much of the sentence as fits."""
        width, height = self.content_size
        self._lines, self._lines_for = [], self.content_size
        if self.evidence is not None and width >= 4 and height:
            self._lines = list(wrap(clean(self.evidence.sentence, 2000), width - 2))
            if len(self._lines) > height:
                self._lines[height - 1] = fit(f"{self._lines[height - 1]} {self._lines[height]}", width - 2)

    def draw_line(self, y: int) -> Strip:
        if self._lines_for != self.content_size:
            self._break_lines()
        blank = self.style_of()
        if self.evidence is None or y >= len(self._lines):
            return Strip.blank(self.content_size.width, blank)
        mark, style = TRUST_MARKS[self.evidence.trust]
        parts = [(fit("" if y else mark, 2), style), (self._lines[y], "line--text")]
        segments = [Segment(text, self.style_of("line--stale" if self.stale else name)) for text, name in parts]
        return Strip(segments).adjust_cell_length(self.content_size.width, blank)
