"""The line that the filter is typed into, and the line below it that helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from mammi_tui.neurons.filter.completion import completions
from mammi_tui.neurons.filter.fields import Vocabulary
from mammi_tui.neurons.filter.grammar import LONGEST
from mammi_tui.text import clean, fit
from mammi_tui.widgets.typed_line import TypedLine

HELP = "| or · ! not · concept: label: verdict: … · ↑ earlier"


class FilterLine(TypedLine):
    """The filter over the neurons. It filters while the reader types."""

    BINDING_GROUP_TITLE = "Filter"
    HELP = """
    Words, fields and comparisons that a neuron must match, all of them. The line below says how the filter may go on,
    what is wrong with it and what it waits for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep", id="filter.keep", tooltip="Keep the filter"),
        Binding("escape", "drop", "Clear", id="filter.clear", tooltip="Clear the filter"),
        Binding("up", "earlier", "Earlier", show=False, id="filter.earlier", tooltip="The filter before"),
        Binding("down", "later", "Later", show=False, id="filter.later",
                tooltip="The filter after; after the last, to the neurons"),
        Binding("ctrl+s", "save", "Save", id="filter.save", tooltip="Keep the filter under a name"),
    ]  # fmt: skip

    class Kept(Message):
        """The reader keeps the filter."""

        def __init__(self, *, to_found: bool) -> None:
            """`to_found` says that the reader goes on to the neurons, not back to where they came from."""
            super().__init__()
            self.to_found = to_found

    class Dropped(Message):
        """The reader drops the filter."""

    class SaveWanted(Message):
        """The reader wants to keep the filter under a name."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="concept, class, finding, note, verdict:none, q<0.05",
            id="filter",
            compact=True,
            most=LONGEST,
            complete=lambda query: [way.query for way in completions(query, self.vocabulary)],
        )
        self.vocabulary = Vocabulary()
        """What the run offers as values"""
        self.history: Sequence[str] = ()
        """Earlier filters, the latest last"""
        self._place: int | None = None
        """The place in the history of what the line shows; None for what is typed"""
        self._typed = ""

    def action_keep(self) -> None:
        self._keep(to_found=False)

    def _keep(self, *, to_found: bool) -> None:
        self._place = None
        self.post_message(self.Kept(to_found=to_found))

    def action_drop(self) -> None:
        self._place = None
        self.post_message(self.Dropped())

    def action_save(self) -> None:
        self.post_message(self.SaveWanted())

    def action_earlier(self) -> None:
        """Shows the filter before, from the history."""
        place = self._shown()
        if place is None:
            self._typed, place = self.value, len(self.history)
        if place and self.history[place - 1] == self._typed:
            place -= 1
        if place:
            self._show(place - 1)

    def action_later(self) -> None:
        """Shows the filter after; after the last what was typed; there it keeps the filter."""
        place = self._shown()
        if place is None:
            self._keep(to_found=True)
        else:
            self._show(place + 1)

    def _shown(self) -> int | None:
        """The place in the history that the line shows, unless the reader has changed it."""
        if self._place is not None and self.value != self.history[self._place]:
            self._place = None
        return self._place

    def _show(self, place: int) -> None:
        self._place = place if place < len(self.history) else None
        self.value = self.history[place] if place < len(self.history) else self._typed
        self.cursor_position = len(self.value)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "complete" and self.value not in self._offered[1] and not completions(self.value, self.vocabulary):
            return False  # Tab goes to the next pane
        return super().check_action(action, parameters)


class FilterAid(Static):
    """Below the filter line: what is wrong with the filter, or how it may go on."""

    DEFAULT_CSS = """
    FilterAid { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground 62%; display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="filter-aid", markup=False)

    def help(self, query: str, problem: str, vocabulary: Vocabulary) -> None:
        """Draws the problem, else the ways to go on, else what a filter may hold."""
        ways = [clean(way.shown, 40) for way in completions(query, vocabulary)]
        width = max(0, self.size.width - 2)
        if ways and (not problem or "wait" in problem):
            self.update(Content(_that_fit(f"⇥ {ways[0]}", ways[1:], width)))
        else:
            self.update(Content(fit(clean(problem) or HELP, width)))


def _that_fit(text: str, others: Sequence[str], width: int) -> str:
    for other in others:
        if cell_len(text) + cell_len(other) + 3 > width - 2:
            return fit(f"{text} …", width)
        text += f" · {other}"
    return fit(text, width)
