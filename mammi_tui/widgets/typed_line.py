"""A line that the reader types or pastes into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from mammi_tui.text import clean

MOST_CHARACTERS = 500
Completer = Callable[[str], Sequence[str]]
"""Takes the text of the line, and returns whole lines that it may become, the likeliest first"""


class _First(Suggester):
    """Suggests a completer's first line."""

    def __init__(self, complete: Completer) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return next((clean(line) for line in self._complete(value) if line.startswith(value)), None)


class TypedLine(Input):
    """Holds one line of clean text, whatever is typed, pasted or set: no control characters, no terminal escapes.

    Tab goes through what the completer offers.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", "Complete", id="line.complete", tooltip="Take the next completion"),
        Binding("shift+tab", "complete(-1)", "Complete", show=False, id="line.complete.back",
                tooltip="Take the completion before"),
    ]  # fmt: skip

    def __init__(
        self, value: str = "", *, complete: Completer | None = None, most: int = MOST_CHARACTERS, **options: Any
    ) -> None:
        """`most` is the number of characters that the line takes; `options` are those of Textual's Input."""
        self.most = most
        self._complete: Completer | None = None
        self._offered: tuple[str | None, Sequence[str]] = None, ()
        """The text that was completed (None before any was), and what it may become"""
        super().__init__(value, select_on_focus=False, **options)
        self.complete_with(complete)

    def complete_with(self, complete: Completer | None) -> None:
        """Completes what is typed from now on with another completer, or with none."""
        self._complete = complete
        self._offered = None, ()
        self.suggester = _First(complete) if complete else None
        if self.is_attached:
            self.refresh_bindings()  # Tab completes, or it does not

    def validate_value(self, value: str) -> str:
        return clean(value[: self.most], self.most)

    def replace(self, text: str, start: int, end: int) -> None:
        """Puts clean text in the place of a part of the line, as much of it as the line takes."""
        start, end = sorted((max(0, start), min(len(self.value), end)))
        room = self.most - (len(self.value) - (end - start))
        if len(text) > room:
            self.notify(f"The line takes {self.most:,} characters. The rest was left out.", severity="warning")
        super().replace(clean(text[:room], self.most), start, end)

    def on_paste(self, event: events.Paste) -> None:
        """Takes all lines of a pasted text as one."""
        event.stop()
        event.prevent_default()
        text = " ".join(event.text[: 4 * self.most].split())
        self.replace(text, *(self.selection if not self.selection.is_empty else (self.cursor_position,) * 2))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return action != "complete" or self._complete is not None

    def action_complete(self, step: int) -> None:
        """Puts the next of the lines that the completer offers in the place of the line."""
        if self._complete is None:
            return
        typed, lines = self._offered
        if typed is None or (self.value != typed and self.value not in lines):
            typed = self.value
            lines = [clean(line, self.most) for line in self._complete(typed)]
            self._offered = typed, lines
        if not lines:
            return
        choices = [*lines, *([typed] if typed not in lines else [])]
        now = choices.index(self.value) if self.value in choices else len(choices) - 1
        self.value = choices[(now + step) % len(choices)]
        self.cursor_position = len(self.value)
