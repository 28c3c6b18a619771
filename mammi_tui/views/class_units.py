"""The units of a layer by how much they matter for a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.decisions.answers import ClassAnswer
from engine.store.decision_records import Over
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.neurons.unit_marks import trust_mark, verdict_mark
from mammi_tui.short_names import ShortNames
from mammi_tui.text import clean, fit, wrap
from mammi_tui.views.signed_bars import digits_of, extremes, signed, signed_bar
from mammi_tui.widgets.line_list import LineList
from mammi_tui.widgets.lines import Part
from mammi_tui.widgets.menu_line import Choice, MenuLine

Shown = Over | Literal["difference"]
"""Films that a mean importance is over; or its mean over false positives less that over true positives"""
BY_LETTER: dict[str, Shown] = {
    "l": "labelled",
    "p": "predicted",
    "t": "true positive",
    "f": "false positive",
    "m": "missed",
    "d": "difference",
    "a": "all",
}
WORDS: dict[Shown, str] = {
    "labelled": "labelled so",
    "predicted": "predicted so",
    "true positive": "true positives",
    "false positive": "false positives",
    "missed": "missed",
    "difference": "false less true positives",
    "all": "all films",
}
HEADS: dict[Shown, str] = {"true positive": "true+", "false positive": "false+", "missed": "missed"}
BEYOND = "w"
NUMBER = 9
"""Cells of a figure"""
WIDE = 78
"""Width from which the figures over true positives, false positives and missed films have columns"""


@dataclass(frozen=True, slots=True)
class Choosing:
    """What the list shows; it stays from class to class."""

    over: Shown | None = None
    """None for the films that tell most: those labelled so, or where there are none those predicted so"""
    beyond: bool = False
    """Whether the mean over all films is taken off"""
    flipped: bool = False
    """Whether the units that lower the output most come first"""


class ClassUnits(LineList):
    """One line for each unit; those that raise the output most come first."""

    BINDING_GROUP_TITLE = "Units of a class"
    HELP = """
    The units of a layer by importance for the class: how much each adds to the class's output, as a mean over some
    films. Bars to the left lower it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Neuron", id="class.neuron", tooltip="To the neuron"),
        Binding("s", "choose", "Films", id="class.films",
                tooltip="Over which films: a letter for each choice, the same again for the other direction"),
        Binding("w", "beyond", "Beyond", show=False, id="class.beyond",
                tooltip="Take off the unit's mean over all films, or not"),
        Binding("L", "layer", "Layer", id="class.layer", tooltip="The next layer whose importance the run holds"),
        Binding("l,right", "right", "Figures", show=False, id="class.figures", tooltip="To the figures and words"),
        Binding("escape", "screen.history(-1)", "Back", show=False, id="class.back", tooltip="Back to where you were"),
    ]  # fmt: skip

    class Changed(Message):
        """Other films, or another layer, are shown."""

    class Right(Message):
        """The reader goes on to what stands beside."""

    @dataclass
    class Chosen(Message):
        """The reader wants to look at a unit."""

        neuron: Neuron

    def __init__(self, concepts: Sequence[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.concepts = ShortNames(concepts)
        self.rows: NeuronRows | None = None
        self.answer: ClassAnswer | None = None
        self.position = -1
        """The position of the layer on screen; −1 without importance"""
        self.choosing = Choosing()
        self.values: NDArray[np.float64] = np.zeros(0)
        """What is shown of each unit, [units]"""
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._ends = (0.0, 0.0)
        self._columns_of: dict[Shown, NDArray[np.float64]] = {}
        self.reasons: Sequence[str] = ()
        """Why there are no units, in sentences"""
        self._reason: list[str] = []

    def show(self, answer: ClassAnswer, reasons: Sequence[str]) -> None:
        """Draws a class; from the top if it is another."""
        if self.answer is None or self.answer.name != answer.name:
            self.set_reactive(LineList.cursor, 0)
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.answer, self.reasons = answer, reasons
        if self.position not in answer.shares:
            self.position = max(answer.shares, default=-1)
        self._sort()

    # What is shown

    @property
    def over(self) -> Shown | None:
        """The films whose mean is on screen; None where the run holds none."""
        answer = self.answer
        if answer is None or self.position not in answer.first:
            return None
        chosen = self.choosing.over
        return chosen if chosen and self.films(chosen) else answer.first[self.position]

    @property
    def beyond(self) -> bool:
        """Whether the mean over all films is taken off what is on screen; a difference is without it anyway."""
        return self.choosing.beyond and self.over not in ("all", "difference")

    def films(self, over: Shown) -> int:
        """The films behind a mean; with the difference those of the smaller side."""
        if over == "difference":
            return min(self.films("false positive"), self.films("true positive"))
        shares = self.answer.shares.get(self.position, {}) if self.answer else {}
        return shares[over].films if over in shares else 0

    def _values(self, over: Shown) -> NDArray[np.float64]:
        """The mean importance over some films, [units]; NaN without films."""
        shares = self.answer.shares[self.position] if self.answer else {}
        if over == "difference":
            return self._values("false positive") - self._values("true positive")
        if over not in shares or not shares[over].films:
            return np.full(len(next(iter(shares.values())).means), np.nan)
        means: NDArray[np.float64] = shares[over].means.astype(np.float64)
        return means - shares["all"].means if self.choosing.beyond and over != "all" and "all" in shares else means

    def _sort(self) -> None:
        over = self.over
        self.values = np.zeros(0) if over is None else self._values(over)
        keys = self.values if self.choosing.flipped else -self.values
        self._order = np.argsort(keys, kind="stable")
        self._ends = extremes(self.values)
        self._columns_of = {} if over is None else {each: self._values(each) for each in HEADS}
        self.rows_changed()
        self.post_message(self.Changed())

    def rows_changed(self) -> None:
        width = self.scrollable_content_region.width - 3
        empty = self.answer is not None and not len(self.values)
        self._reason = (
            [line for text in self.reasons for line in (*wrap(text, width), "")] if empty and width > 4 else []
        )
        super().rows_changed()

    def row_count(self) -> int:
        return len(self._order) or len(self._reason)

    def can_stand_on(self, index: int) -> bool:  # noqa: ARG002
        return bool(len(self._order))

    def on_resize(self) -> None:
        self.rows_changed()
        super().on_resize()

    # Lines

    def row(self, index: int, width: int) -> Iterable[Part]:
        rows = self.rows
        if not len(self._order) or rows is None:
            yield fit(f" {self._reason[index]}" if index < len(self._reason) else "", width), "line--muted"
            return
        unit = int(self._order[index])
        neuron = Neuron(self.position, unit)
        words, style = self._words(rows, neuron)
        digits = digits_of(*self._ends)
        name_cells, apart, bar_cells = self._columns(width)
        yield fit(str(unit), 5, right=True) + " ", "line--faint"
        yield verdict_mark(rows, neuron)
        yield trust_mark(rows, neuron)
        yield " " + fit(words, name_cells - 1), style
        for over in apart:
            yield fit(signed(float(self._columns_of[over][unit]), digits), NUMBER, right=True), "line--muted"
        value = float(self.values[unit])
        yield fit(signed(value, digits), NUMBER, right=True) + " ", "line--text"
        yield signed_bar(value, *self._ends, bar_cells), "line--bar" if value >= 0 else "line--bar-below"

    def heads(self, width: int) -> str:
        """The names of the columns, in `width` cells."""
        if not len(self._order):
            return ""
        name_cells, apart, _ = self._columns(width)
        mark = "▴" if self.choosing.flipped else "▾"
        columns = "".join(fit(HEADS[over], NUMBER, right=True) for over in apart)
        head = ("beyond" if self.beyond else "adds") + mark
        return fit("unit ✓●", 8, right=True) + fit(" words", name_cells) + columns + fit(head, NUMBER, right=True)

    def _columns(self, width: int) -> tuple[int, Sequence[Shown], int]:
        """The cells of the words, the films with a column of their own, and the cells of the bar."""
        apart = [over for over in HEADS if over != self.over] if width >= WIDE else []
        room = max(8, width - 8 - NUMBER - 1 - NUMBER * len(apart))
        bar = min(30, room // 3)
        return room - bar, apart, bar

    def _words(self, rows: NeuronRows, neuron: Neuron) -> Part:
        """The reader's own label, else the annotation, else why there is none."""
        if own := rows.label_of(neuron):
            return clean(own), "line--own"
        answer = rows.answers[neuron.layer]
        if rows.is_dead(neuron):
            return "dead unit", "line--dead"
        if answer is None:
            return "…", "line--faint"
        words = ", ".join(self.concepts[concept] for concept in answer.words.of_unit(neuron.unit))
        return (words, "line--text") if words else ("no concept", "line--faint")

    # Keys

    def here(self) -> Neuron | None:
        """The unit under the cursor."""
        return Neuron(self.position, int(self._order[self.cursor])) if len(self._order) else None

    def in_order(self) -> list[int]:
        """The units as they are on screen."""
        found: list[int] = self._order.tolist()
        return found

    def action_open(self) -> None:
        if (neuron := self.here()) is not None:
            self.post_message(self.Chosen(neuron))

    def row_clicked_twice(self, index: int) -> None:  # noqa: ARG002
        self.action_open()

    def action_right(self) -> None:
        self.post_message(self.Right())

    def action_choose(self) -> None:
        """Offers the films in a menu, with their number."""
        present = self.over
        if present is None:
            return
        choices = [
            Choice(letter, f"{WORDS[over]} ({self.films(over):,})", marked=over == present)
            for letter, over in BY_LETTER.items()
        ]
        self.app.push_screen(MenuLine("Importance over", choices), self._take)

    def _take(self, letter: str | None) -> None:
        if letter is None:
            return
        over = BY_LETTER[letter]
        if not self.films(over):
            self.notify(f"No film: {WORDS[over]}", severity="warning", markup=False)
            return
        flipped = over == self.over and not self.choosing.flipped
        self._choose(Choosing(over, self.choosing.beyond, flipped))

    def action_beyond(self) -> None:
        now = self.choosing
        self._choose(Choosing(now.over, not now.beyond, now.flipped))

    def _choose(self, choosing: Choosing) -> None:
        """Shows the same class in another way, from the top."""
        self.choosing = choosing
        self.set_reactive(LineList.cursor, 0)
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        if self.answer is not None:
            self._sort()

    def action_layer(self) -> None:
        layers = sorted(self.answer.shares) if self.answer else []
        if len(layers) < 2:
            self.notify("The run holds the importance of one layer" if layers else "The run holds no importance",
                        markup=False)  # fmt: skip
            return
        self.position = layers[(layers.index(self.position) + 1) % len(layers)]
        self._choose(self.choosing)
