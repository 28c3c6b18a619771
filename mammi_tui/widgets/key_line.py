"""The keys that work now, in one line drawn at once: what does not fit is left out whole, the help never."""

from __future__ import annotations

from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

GAP = 2
HELP = "help"


class KeyLine(Widget):
    """Follows the focus. A click presses the key."""

    COMPONENT_CLASSES = {"key-line--key", "key-line--text", "key-line--disabled"}  # noqa: RUF012

    DEFAULT_CSS = """
    KeyLine {
        height: 1;
        dock: bottom;
        background: $footer-background;
        color: $footer-foreground;
        .key-line--key { color: $footer-key-foreground; text-style: bold; }
        .key-line--text { color: $foreground 80%; }
        .key-line--disabled { color: $foreground 40%; }
    }
    """

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:  # noqa: ARG002
        self.refresh()

    def items(self) -> list[list[ActiveBinding]]:
        """The bindings shown, those of one group together, one key for each action."""
        by_action: dict[str, ActiveBinding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.binding.description:
                by_action.setdefault(active.binding.action, active)
        grouped = groupby(by_action.values(), lambda active: active.binding.group or active.binding.action)
        return [list(bindings) for _, bindings in grouped]

    def _placed(self) -> list[tuple[int, list[ActiveBinding]]]:
        """The items that fit with the columns where they start; the help is the last."""
        items = self.items()
        helps = [item for item in items if item[0].binding.action == HELP]
        room = self.content_size.width - 1 - sum(self._cells(item) + GAP for item in helps)
        placed, x = [], 1
        for item in [*(item for item in items if item not in helps)]:
            if x + self._cells(item) <= room:
                placed.append((x, item))
                x += self._cells(item) + GAP
        return placed + [(self.content_size.width - 1 - self._cells(item), item) for item in helps]

    def _keys(self, item: list[ActiveBinding]) -> str:
        return "".join(self.app.get_key_display(active.binding) for active in item)

    @staticmethod
    def _words(item: list[ActiveBinding]) -> str:
        group = item[0].binding.group
        return group.description if group else item[0].binding.description

    def _cells(self, item: list[ActiveBinding]) -> int:
        return cell_len(self._keys(item)) + 1 + cell_len(self._words(item))

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        segments: list[Segment] = []
        x = 0
        for start, item in self._placed() if not y else ():
            words = "key-line--text" if item[0].enabled else "key-line--disabled"
            segments.append(Segment(" " * (start - x), self.rich_style))
            segments.append(Segment(self._keys(item), self.get_component_rich_style("key-line--key")))
            segments.append(Segment(f" {self._words(item)}", self.get_component_rich_style(words)))
            x = start + self._cells(item)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        for start, item in self._placed():
            if start <= event.x < start + self._cells(item):
                key = min(event.x - start, len(item) - 1)
                self.app.simulate_key(item[key].binding.key)
