"""The lines above the view and the films of a neuron: what the reader has said of it, and what others have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.css.scalar import Scalar
from textual.strip import Strip

from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.looking import Looking
from mammi_tui.text import clean, count, fit
from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.said import NO_WORDS, Said, is_of, said
from mammi_tui.verdicts.standing import Judgement
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.still import StillLines

MOST_OTHERS = 3
"""Other readers that have a line"""
LONGEST_NAME = 20
"""Characters of another reader's name"""


class Spoken(NamedTuple):
    """One line."""

    said: Said | str
    mark: Part = (" ", "line--faint")
    """That of a verdict, before it"""
    faint: bool = True
    who: str = ""
    """Whose words these are, or what they are about: the name of another reader, or the neuron's; clean"""


class Head(StillLines):
    """One line, and one for each other reader that is shown. They are there also where nothing was said: the view below
    them does not move."""

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
        self._own = Spoken("")
        self._others: list[Spoken] = []

    def say(self, said: Said | str, mark: Part = (" ", "line--faint"), *, faint: bool = True, who: str = "") -> None:
        """Draws what the reader has said, with the mark of a verdict before it."""
        self._own = Spoken(said, mark, faint, who)
        whole = (f"{each.who}: {each.said}" if each.who else str(each.said) for each in (self._own, *self._others))
        self.tooltip = Content("\n".join(filter(None, whole))) if said else None
        self.redraw()

    def show(self, looking: Looking, neuron: Neuron, *, alone: bool = False, named: bool = False) -> None:
        """Draws what readers have said of a neuron. A mark is hollow where other words are on screen.

        `alone` says that nothing else on screen shows the neuron's words: then the line shows them. `named` says that
        nothing else shows which neuron it is.
        """
        rows = looking.rows
        self._others = list(self._others_on(looking, neuron))
        height = 1 + len(self._others)
        if self.styles.height != Scalar.from_number(height):
            self.styles.height = height
        own = self._spoken(looking, neuron, rows.judgements.get(neuron))
        words = self._on_screen(looking, neuron)
        shown = None if words is None else ", ".join(map(clean, words)) or NO_WORDS
        if own is None:
            undecided = "not judged yet" if shown is None else f"not judged yet: {shown}"
            own = Spoken("a dead unit" if rows.is_dead(neuron) else undecided)
        elif alone and own.faint and shown is not None:
            now = f'"{shown}"' if words else shown
            own = own._replace(said=f"now {now} · {own.said}")
        name = f"{rows.name_of(neuron)} {rows.class_of(neuron)}".rstrip() if named else ""
        self.say(*own[:2], faint=own.faint, who=clean(name))

    def _others_on(self, looking: Looking, neuron: Neuron) -> Iterator[Spoken]:
        """What others say of a neuron, and how a difference was settled: the same number of lines for each neuron."""
        rows = looking.rows
        for reader, judgements in sorted(rows.others.items())[:MOST_OTHERS]:
            spoken = self._spoken(looking, neuron, judgements.get(neuron)) or Spoken("nothing yet")
            said = spoken.said if isinstance(spoken.said, str) else replace(spoken.said, reader="")
            yield spoken._replace(said=said, who=clean(reader, LONGEST_NAME))
        if len(rows.others) > MOST_OTHERS:
            yield Spoken(f"and {count(len(rows.others) - MOST_OTHERS, 'other reader')}")
        if rows.settled:
            found = rows.compared.get(neuron)
            yield self._settled(looking, neuron, found.settled) if found and found.settled else Spoken("")

    def _settled(self, looking: Looking, neuron: Neuron, line: Line) -> Spoken:
        found = self._spoken(looking, neuron, Judgement(verdict=line))
        return Spoken(f"settled: {found.said}", found.mark, found.faint) if found else Spoken("")

    def _on_screen(self, looking: Looking, neuron: Neuron) -> Sequence[str] | None:
        return looking.words_on_screen if neuron == looking.neuron else None

    def _spoken(self, looking: Looking, neuron: Neuron, judgement: Judgement | None) -> Spoken | None:
        """What one reader says; None for nothing."""
        rows, on_screen = looking.rows, self._on_screen(looking, neuron)
        words = said(judgement or Judgement(), run=rows.run, own=looking.reader.info.cuts, today=date.today())
        verdict = judgement.verdict if judgement and not rows.is_dead(neuron) else None
        if words is None or verdict is None or verdict.verdict is None:
            return Spoken(words, faint=False) if words else None
        hollow = on_screen is not None and not is_of(verdict, rows.run, on_screen)
        mark = (HOLLOW_MARKS[verdict.verdict], "line--faint") if hollow else VERDICT_MARKS[verdict.verdict]
        return Spoken(words, mark, hollow)

    def draw_line(self, y: int) -> Strip:
        width = self.content_size.width
        spoken = [self._own, *self._others][y] if y <= len(self._others) else Spoken("")
        who = f"{spoken.who}: " if spoken.who else ""
        room = max(0, width - 4 - cell_len(who))
        text = who + (fit(spoken.said, room) if isinstance(spoken.said, str) else spoken.said.line(room))
        mark, style = spoken.mark
        text_style = self.style_of("line--faint" if spoken.faint else "line--text")
        segments = [Segment(f" {mark} ", self.style_of(style)), Segment(text, text_style)]
        return Strip(segments).adjust_cell_length(width, self.style_of())
