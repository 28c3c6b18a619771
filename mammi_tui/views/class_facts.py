"""What stands beside the units of a class: how well the model finds it, and the words that speak for and against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.decisions.answers import ClassAnswer
from engine.decisions.classes import Explained, Speaking
from engine.decisions.discrimination import Area
from engine.decisions.outputs import KINDS
from engine.decisions.reliability import Reliability
from mammi_tui.neurons.filter.completion import written
from mammi_tui.questions.subjects import ConceptSubject, FilmSearch, Subject
from mammi_tui.text import clean, count, fit, number, percent, wrap
from mammi_tui.views.signed_bars import digits_of, signed, signed_bar
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part

MOST_WORDS = 12
"""Words on each side"""
_LEVELS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: a text on the left, a figure on the right, or a bar of a word; and what Enter leads to."""

    text: str
    figure: str = ""
    style: str = "line--text"
    leads: Subject | None = None
    bar: tuple[float, float, float] | None = None
    """A value, and the lowest and highest of all"""


class ClassFacts(LineList):
    """Lines to read, and lines that lead on."""

    BINDING_GROUP_TITLE = "Figures of a class"
    HELP = """
    How well the model finds the class over the probing set, whether its probabilities hold, and what the words of the
    units on the left add to its output: a unit's importance is split evenly among its words.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="class.open", tooltip="To these films, or to the concept"),
        Binding("h,left", "left", "Units", show=False, id="class.units", tooltip="Back to the units"),
        Binding("escape", "screen.history(-1)", "Back", show=False, id="class.back", tooltip="Back to where you were"),
    ]

    class Left(Message):
        """The reader goes back to the units."""

    @dataclass
    class Chosen(Message):
        """The reader wants to look at what a line leads to."""

        subject: Subject

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.facts: Sequence[Fact] = ()
        self._lay_out: Callable[[int], Iterable[Fact]] = lambda _: ()

    def show(self, lay_out: Callable[[int], Iterable[Fact]]) -> None:
        """Draws the lines that `lay_out` gives for a width; the cursor stays where it can."""
        self._lay_out = lay_out
        self.rows_changed()

    def rows_changed(self) -> None:
        width = self.scrollable_content_region.width - 2
        self.facts = list(self._lay_out(width)) if width > 0 else ()
        if not self.can_stand_on(self.cursor):
            first = next((place for place in range(len(self.facts)) if self.can_stand_on(place)), 0)
            self.set_reactive(LineList.cursor, first)
        super().rows_changed()

    def on_resize(self) -> None:
        self.rows_changed()
        super().on_resize()

    def row_count(self) -> int:
        return len(self.facts)

    def can_stand_on(self, index: int) -> bool:
        return 0 <= index < len(self.facts) and self.facts[index].leads is not None

    def row(self, index: int, width: int) -> Iterable[Part]:
        fact = self.facts[index]
        cells = max(0, width - len(fact.figure) - 1)
        if fact.bar is None:
            yield fit(fact.text, cells) + " ", fact.style
            yield fit(fact.figure, width - cells - 1, right=True), "line--strong"
            return
        bar = max(0, cells // 3)
        yield fit(fact.text, cells - bar) + " ", fact.style
        yield fact.figure, "line--text"
        yield signed_bar(fact.bar[0], *fact.bar[1:], bar), "line--bar" if fact.bar[0] >= 0 else "line--bar-below"

    def action_open(self) -> None:
        if self.can_stand_on(self.cursor) and (leads := self.facts[self.cursor].leads) is not None:
            self.post_message(self.Chosen(leads))

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()

    def action_left(self) -> None:
        self.post_message(self.Left())


def facts_of(answer: ClassAnswer, width: int) -> Iterator[Fact]:
    """The lines about how well the model finds a class."""
    figures, name = answer.figures, answer.name
    if figures is None:
        yield Fact("films labelled so", f"{answer.labelled:,}", leads=FilmSearch(f"label:{written(clean(name))}"))
        return
    area = figures.area
    if area is None:
        yield from _text("Not a label of the probing set: nothing here is right or wrong.", width)
        yield Fact("predicted so", f"{figures.predicted:,}", leads=FilmSearch(f"predicted:{written(clean(name))}"))
        return
    if not area.positives or not area.negatives:
        which = "No film is" if not area.positives else "Every film is"
        yield from _text(f"{which} labelled so: there is no AUROC.", width)
    else:
        yield Fact("AUROC", _area(area.value))
        yield from _text(_interval(area), width)
        yield Fact("AUPRC", number(figures.precision))
        yield Fact("  by chance (prevalence)", percent(figures.prevalence))
    yield Fact(_rule(answer), style="line--faint")
    for kind in KINDS:
        words = kind.replace("positive", "positives").replace("negative", "negatives")
        yield Fact(f"  {words}", f"{figures.counts[kind]:,}", leads=FilmSearch(f"{kind} {written(clean(name))}"))
    if figures.unusable:
        yield Fact("  without a number", f"{figures.unusable:,}", "line--bad")
    if figures.reliability is not None:
        yield from _calibration(figures.reliability)
    elif not answer.exclusive:
        yield from _text("The outputs are no probabilities: no calibration.", width)


def _rule(answer: ClassAnswer) -> str:
    return "as the highest output" if answer.exclusive else f"at a probability of {answer.threshold:g}"


def _interval(area: Area) -> str:
    """The interval and how it was found, or why there is none."""
    if area.value in (0, 1):
        return "no interval: the films are told apart completely"
    if area.low != area.low:
        return "no interval: one patient has all films on a side"
    over = f"DeLong over {area.clusters:,} patients" if area.clustered else "DeLong"
    return f"95 % {_area(area.low)}–{_area(area.high)}, {over}"


def _area(value: float) -> str:
    """Three decimals; what is below 1 never reads as 1."""
    return ">0.999" if 0.9995 <= value < 1 else number(value)


def _calibration(found: Reliability) -> Iterator[Fact]:
    total = int(found.counts.sum())
    yield Fact("calibration error", number(found.error))
    yield Fact(f"  predicted {_levels(found.predicted)}  bins 0–1", "", "line--muted")
    yield Fact(f"  observed  {_levels(found.observed)}  {count(total, 'film')}", "", "line--muted")


def _levels(shares: np.ndarray) -> str:
    """Shares as a line of bars; a dot for none."""
    return "".join("·" if each != each else _LEVELS[max(1, round(float(each) * 8))] for each in shares)


def explained_facts(found: Explained) -> Iterator[Fact]:
    """How much of the importance well supported neurons hold."""
    yield Fact("of the importance, neurons hold", style="line--faint")
    yield Fact("  well supported ● ◐", percent(found.well))
    yield Fact("  not well supported ○ ◌", percent(found.ill))
    yield Fact("  without words", percent(found.silent))
    if found.ungraded:
        yield Fact("  not graded yet", percent(found.ungraded), "line--unsure")


def word_facts(speaking: Sequence[Speaking], concepts: Sequence[str]) -> Iterator[Fact]:
    """The words that speak for a class, then those that speak against it."""
    ends = (speaking[-1].total, speaking[0].total) if speaking else (0.0, 0.0)
    for title, found in (
        ("words for it", [each for each in speaking if each.total > 0][:MOST_WORDS]),
        ("words against it", [each for each in reversed(speaking) if each.total < 0][:MOST_WORDS]),
    ):
        if found:
            yield Fact(title, style="line--faint")
        for each in found:
            yield Fact(
                f"  {clean(concepts[each.concept])}",
                f"{each.units:>4,} u {signed(each.total, digits_of(*ends)):>8} ",
                leads=ConceptSubject(each.concept),
                bar=(each.total, *ends),
            )


def _text(text: str, width: int) -> Iterator[Fact]:
    return (Fact(line, style="line--muted") for line in wrap(text, max(10, width)))
