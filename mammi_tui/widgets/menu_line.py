"""A menu in one line at the bottom of the screen: a letter for each choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from mammi_tui.keyboard.remapped_app import keys_of
from mammi_tui.text import fit

GAP = 3
_KEY, _TEXT, _MARKED = "menu--key", "menu--text", "menu--marked"


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a menu. Its text is clean."""

    key: str
    """The character that chooses it"""
    text: str
    marked: bool = False
    """Whether it is the present state, such as the order that sorts"""

    @property
    def cells(self) -> int:
        return cell_len(self.key) + 1 + cell_len(self.text)


class _Placed(NamedTuple):
    row: int
    column: int
    choice: Choice


class _Line(Widget):
    """The title and the choices, on as many rows as they need."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"menu--title", _KEY, _TEXT, _MARKED}
    DEFAULT_CSS = """
    _Line {
        height: auto;
        width: 1fr;
        background: $panel;
        .menu--title { color: $foreground; text-style: bold; }
        .menu--key { color: $text-accent; text-style: bold; }
        .menu--text { color: $foreground 80%; }
        .menu--marked { color: $foreground; text-style: bold; }
    }
    """

    def __init__(self, title: str, choices: Sequence[Choice], choose: Callable[[Choice], object]) -> None:
        super().__init__()
        self._title = f" {title}: "
        self._choices = choices
        self._choose = choose

    def _placed(self, width: int) -> list[_Placed]:
        """Where each choice stands, with a free cell on the right."""
        start = cell_len(self._title)
        row, column, placed = 0, start, []
        for choice in self._choices:
            if column > start and column + choice.cells > width - 1:
                row, column = row + 1, start
            placed.append(_Placed(row, column, choice))
            column += choice.cells + GAP
        return placed

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return 1 + max((place.row for place in self._placed(width)), default=0)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        title = self._title if y == 0 else fit("", cell_len(self._title))
        segments, x = [Segment(title, self.get_component_rich_style("menu--title"))], cell_len(title)
        for row, column, choice in self._placed(width):
            if row == y:
                text = self.get_component_rich_style(_MARKED if choice.marked else _TEXT)
                segments.append(Segment(" " * (column - x), self.rich_style))
                segments.append(Segment(choice.key, self.get_component_rich_style(_KEY)))
                segments.append(Segment(f" {choice.text}", text))
                x = column + choice.cells
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_resize(self, event: events.Resize) -> None:
        """Keeps messages to the reader above the choices."""
        for messages in self.screen.query("ToastRack"):
            messages.styles.margin = (0, 0, event.size.height, 0)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for row, column, choice in self._placed(self.content_size.width):
            if row == event.y and column <= event.x < column + choice.cells:
                self._choose(choice)


class MenuLine(ModalScreen[str]):
    """Asks for one of the choices over any screen, and returns its key; None where the reader leaves the menu.

    A letter or a click chooses; Esc or a click beside the line leaves. The focus is then where it was.
    """

    BINDING_GROUP_TITLE = "Menu"
    TYPED: ClassVar[str] = ascii_letters + digits
    """Characters that may choose"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", tooltip="Leave the menu", id="menu.leave"),
    ]
    DEFAULT_CSS = """
    MenuLine {
        align: left bottom;
        background: transparent;
    }
    """

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._choices = choices
        self._title = title
        self._ended = False

    def compose(self) -> ComposeResult:
        leave = Choice(" ".join(keys_of(self, "menu.leave")), "leave")
        yield _Line(
            self._title, [*self._choices, leave], lambda choice: self._end(None if choice is leave else choice.key)
        )

    def on_key(self, event: events.Key) -> None:
        for choice in self._choices:
            if event.character == choice.key:
                event.stop()
                event.prevent_default()
                self._end(choice.key)
                return

    def on_click(self) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        self._end(None)

    def _end(self, key: str | None) -> None:
        """Ends the menu once, whatever else is pressed before it is gone."""
        if not self._ended:
            self._ended = True
            self.dismiss(key)
