"""One line at the bottom of a screen that asks the reader for a text, such as a label or a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.text import clean
from mammi_tui.widgets.typed_line import MOST_CHARACTERS, Completer, TypedLine
from mammi_tui.widgets.way_back import come_back

Keep = Callable[[str], str | None]
"""Takes the text that the reader enters. Returns why it cannot be taken; None where it is"""


class AnswerLine(TypedLine):
    """The text of the line."""

    BINDING_GROUP_TITLE = "Line"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Keep", id="line.keep", tooltip="Keep what is typed"),
        Binding("escape", "drop", "Leave", id="line.drop", tooltip="Leave it as it was"),
    ]

    class Dropped(Message):
        """The reader leaves the line without keeping its text."""

    def action_drop(self) -> None:
        self.post_message(self.Dropped())


class OneLine(Horizontal):
    """Takes no room until it is opened. Enter keeps the text, Esc drops it; the focus returns to where it came from."""

    DEFAULT_CSS = """
    OneLine {
        height: 1;
        width: 1fr;
        background: $panel;
        display: none;
        &.-open { display: block; }
        #one-line-label { width: auto; max-width: 50%; height: 1; padding: 0 1; color: $text-accent; }
        AnswerLine { height: 1; width: 1fr; border: none; padding: 0 1; background: $panel; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="one-line")
        self._label = Static(id="one-line-label", markup=False)
        self._line = AnswerLine(compact=True)
        self._keep: Keep | None = None
        self._asked = ""
        self._before = ""
        self._from: Widget | None = None

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._line

    @property
    def keeping(self) -> str:
        """The key in force that keeps the text."""
        return key_of(self._line, "line.keep")

    @property
    def leaving(self) -> str:
        """The key in force that drops the text."""
        return key_of(self._line, "line.drop")

    @property
    def undone(self) -> str:
        """Says so if the line is open with a text that is neither kept nor dropped."""
        if self._keep is None or self._line.value == self._before:
            return ""
        return f"{self._asked}: “{clean(self._line.value, 40)}” is not entered yet"

    def ask(
        self,
        label: str,
        keep: Keep,
        *,
        text: str = "",
        complete: Completer | None = None,
        placeholder: str = "",
        most: int = MOST_CHARACTERS,
        selected: bool = False,
    ) -> None:
        """Opens the line with a label and a text; what is typed takes the place of a `selected` one. If it is open
        already with something undone, only focuses it."""
        if undone := self.undone:
            self.notify(
                f"{undone}: {self.keeping} keeps it, {self.leaving} drops it.", severity="warning", markup=False
            )
        else:
            self._asked = clean(label)
            self._keep = keep
            self._label.update(self._asked)
            self._line.most = most
            self._line.complete_with(complete)
            self._line.placeholder = clean(placeholder)
            self._line.value = text
            self._line.cursor_position = len(self._line.value)
            if selected:
                self._line.select_all()
            self._before = self._line.value
            self.add_class("-open")
        if self.screen.focused is not self._line:
            self._from = self.screen.focused
        self.screen.set_focus(self._line)

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Hands the text on. The line stays open where the text cannot be taken."""
        event.stop()
        if self._keep is None:
            return
        if reason := self._keep(self._line.value.strip()):
            self.notify(clean(reason), severity="warning", markup=False)
        else:
            self.close()

    @on(AnswerLine.Dropped)
    def drop(self, event: AnswerLine.Dropped) -> None:
        event.stop()
        self.close()

    @on(Input.Changed)
    def change(self, event: Input.Changed) -> None:
        event.stop()

    def close(self) -> None:
        """Closes the line and drops its text."""
        self._keep = None
        self.remove_class("-open")
        if self.screen.focused in (self._line, None):
            come_back(self, self._from)
        self._from = None

    def on_resize(self) -> None:
        """Takes the focus again where a small terminal has hidden the line for a while."""
        if self._keep and self.screen.focused is None:
            self._line.focus()
