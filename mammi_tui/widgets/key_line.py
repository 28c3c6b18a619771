"""The keys that work now, in one line. A key that does not fit is left out, but never the last ones."""

from __future__ import annotations

from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import ActiveBinding
from textual.keys import key_to_character
from textual.screen import Screen
from textual.strip import Strip

from mammi_tui.keyboard.counting_app import CountingApp
from mammi_tui.keyboard.names import is_typed, shown
from mammi_tui.widgets.still import StillLines

GAP = 2
ALWAYS = ("close", "quit", "help", "app.help")
"""Actions shown at any width, on the right"""


def working_bindings(screen: Screen[object]) -> list[ActiveBinding]:
    """A screen's bindings, without the keys that would be typed into the focused line."""
    focused = screen.focused
    return [
        active
        for active in screen.active_bindings.values()
        if not (focused and focused.check_consume_key(active.binding.key, _character(active.binding.key)))
    ]


def _character(key: str) -> str | None:
    """The character that a key types; None for a key that types none."""
    return key_to_character(key) or (name if len(name := shown(key)) == 1 and is_typed(key) else None)


class KeyLine(StillLines):
    """Changes with the focus. A click presses the key."""

    COMPONENT_CLASSES = {"key-line--key", "key-line--text", "key-line--disabled", "key-line--number"}  # noqa: RUF012

    DEFAULT_CSS = """
    KeyLine {
        height: 1;
        dock: bottom;
        background: $footer-background;
        color: $footer-foreground;
        .key-line--key { color: $text-accent; text-style: bold; }
        .key-line--text { color: $foreground 80%; }
        .key-line--disabled { color: $foreground 40%; }
        .key-line--number { color: $background; background: $accent; text-style: bold; }
    }
    """

    number = ""
    """The digits that wait for a key that they count"""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        if isinstance(self.app, CountingApp):
            self.app.number_shown.subscribe(self, self._show_number)

    def _show_number(self, number: str) -> None:
        self.number = number
        self.redraw()

    def _changed(self, screen: Screen[object]) -> None:  # noqa: ARG002
        self.redraw()

    def items(self) -> list[list[ActiveBinding]]:
        """The bindings to show, one key for each action, those of a group together."""
        by_action: dict[str, ActiveBinding] = {}
        for active in working_bindings(self.screen):
            if active.binding.show and active.binding.description:
                by_action.setdefault(active.binding.action, active)
        grouped = groupby(by_action.values(), lambda active: active.binding.group or active.binding.action)
        return [list(bindings) for _, bindings in grouped]

    def _placed(self) -> list[tuple[int, list[ActiveBinding]]]:
        """The items that fit, each with the column where it starts; quit and help come last."""
        items = {item[0].binding.action: item for item in self.items()}
        last = [items.pop(action) for action in ALWAYS if action in items]
        end = self.content_size.width - 1 - sum(self._cells(item) + GAP for item in last)
        placed, x = [], 1 + (len(self.number) + 1 + GAP) * bool(self.number)
        for item in items.values():
            if x + self._cells(item) <= end:
                placed.append((x, item))
                x += self._cells(item) + GAP
        for item in last:
            placed.append((end + GAP, item))
            end += GAP + self._cells(item)
        return placed

    def _keys(self, item: list[ActiveBinding]) -> str:
        """The keys of an item; a space stands between them unless each takes one cell."""
        keys = [self.app.get_key_display(active.binding) for active in item]
        return ("" if max(map(cell_len, keys)) == 1 else " ").join(keys)

    @staticmethod
    def _words(item: list[ActiveBinding]) -> str:
        group = item[0].binding.group
        return group.description if group else item[0].binding.description

    def _cells(self, item: list[ActiveBinding]) -> int:
        return cell_len(self._keys(item)) + 1 + cell_len(self._words(item))

    def draw_line(self, y: int) -> Strip:
        width = self.content_size.width
        segments: list[Segment] = []
        x = 0
        if self.number and not y:
            number = f" {self.number} "
            segments.append(Segment(number, self.style_of("key-line--number")))
            x = len(number)
        for start, item in self._placed() if not y else ():
            words = "key-line--text" if item[0].enabled else "key-line--disabled"
            segments.append(Segment(" " * (start - x), self.style_of()))
            segments.append(Segment(self._keys(item), self.style_of("key-line--key")))
            segments.append(Segment(f" {self._words(item)}", self.style_of(words)))
            x = start + self._cells(item)
        return Strip(segments).adjust_cell_length(width, self.style_of())

    def on_click(self, event: events.Click) -> None:
        for start, item in self._placed():
            if start <= event.x < start + self._cells(item):
                before = [cell_len(self._keys(item[: count + 1])) for count in range(len(item))]
                key = next((place for place, end in enumerate(before) if event.x - start < end), len(item) - 1)
                self.app.simulate_key(item[key].binding.key)
