"""The line above the view and the films of a neuron: what the reader has said of it."""

from __future__ import annotations

from datetime import date

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.looking import Looking
from mammi_tui.text import clean
from mammi_tui.verdicts.said import Said, is_of, said
from mammi_tui.verdicts.standing import Judgement
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.still import StillLines


class Head(StillLines):
    """One line, which is there also where nothing was said: the view below it never moves."""

    COMPONENT_CLASSES = {  # noqa: RUF012
        "line--good", "line--bad", "line--unsure", "line--faint", "line--text", "line--muted",
    }  # fmt: skip

    DEFAULT_CSS = """
    Head {
        dock: top;
        height: 1;
        width: 1fr;
        .line--text { color: $foreground; }
        .line--muted { color: $foreground 72%; }
        .line--faint { color: $foreground 62%; }
        .line--good { color: $text-success; text-style: bold; }
        .line--bad { color: $text-error; text-style: bold; }
        .line--unsure { color: $text-warning; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="head")
        self._mark: Part = " ", "line--faint"
        self._said: Said | str = ""
        self._style = "line--faint"

    def say(self, said: Said | str, mark: Part = (" ", "line--faint"), *, faint: bool = True) -> None:
        """Draws what was said, with the mark of a verdict before it."""
        self._mark, self._said = mark, said
        self._style = "line--faint" if faint else "line--text"
        self.tooltip = Content(str(said)) if said else None
        self.redraw()

    def show(self, looking: Looking, neuron: Neuron) -> None:
        """Draws what the reader has said of a neuron. The mark is hollow where other words are on screen."""
        rows = looking.rows
        judgement = rows.judgements.get(neuron) or Judgement()
        words = said(judgement, run=rows.run, own=looking.reader.info.cuts, today=date.today())
        verdict = rows.verdict_of(neuron)
        on_screen = looking.words_on_screen if neuron == looking.neuron else None
        if words is None:
            self.say(
                "a dead unit" if rows.is_dead(neuron) else f"not judged yet: {', '.join(map(clean, on_screen or ()))}"
            )
        elif verdict is None or judgement.verdict is None:
            self.say(words, faint=False)
        else:
            hollow = on_screen is not None and not is_of(judgement.verdict, rows.run, on_screen)
            mark = (HOLLOW_MARKS[verdict], "line--faint") if hollow else VERDICT_MARKS[verdict]
            self.say(words, mark, faint=hollow)

    def draw_line(self, y: int) -> Strip:  # noqa: ARG002
        width = self.content_size.width
        room = max(0, width - 4)
        text = self._said if isinstance(self._said, str) else self._said.line(room)
        mark, style = self._mark
        segments = [Segment(f" {mark} ", self.style_of(style)), Segment(text, self.style_of(self._style))]
        return Strip(segments).adjust_cell_length(width, self.style_of())
