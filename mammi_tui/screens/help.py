"""The keys that work now, taken from the bindings themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

NOTE = (
    "Films drawn with cells are a preview, not for diagnosis. "
    "Concept scores are differences of cosines, not probabilities: compare them within a neuron."
)


class HelpScreen(ModalScreen[None]):
    """The focused pane's keys first, then those of the explorer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", key_display="esc", id="help.close"),
        Binding("j,down", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="help.up"),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        VerticalScroll {
            width: 76;
            max-width: 96%;
            height: auto;
            max-height: 92%;
            padding: 1 2;
            background: $surface;
            border: round $border;
            border-title-color: $text-accent;
            border-title-style: bold;
            border-subtitle-color: $foreground 70%;
            scrollbar-size-vertical: 1;
        }
        Static { height: auto; width: 1fr; }
    }
    """

    def __init__(self, bindings: Iterable[ActiveBinding]) -> None:
        super().__init__()
        self._sections = sections(bindings)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(self._text(), id="help-text")

    def _text(self) -> Text:
        accent = self.app.theme_variables["text-accent"]
        lines = Text().append(f"{NOTE}\n\n", "italic")
        widest = max(cell_len(self._shown(keys)) for _, rows in self._sections for keys, _ in rows)
        for title, rows in self._sections:
            lines.append(f"{title}\n", f"bold {accent}")
            for keys, what in rows:
                shown = self._shown(keys)
                lines.append(f"  {shown}{' ' * (widest - cell_len(shown))}  ", "bold")
                lines.append(f"{what}\n")
            lines.append("\n")
        lines.right_crop(1)
        return lines

    def _shown(self, keys: list[Binding]) -> str:
        plain = [binding.with_key(binding.key) for binding in keys]
        return "  ".join(dict.fromkeys(self.app.get_key_display(binding) for binding in plain))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def sections(bindings: Iterable[ActiveBinding]) -> list[tuple[str, list[tuple[list[Binding], str]]]]:
    """Per part of the screen, what its keys do: those of the same action on one line."""
    found: dict[str, dict[str, list[Binding]]] = {}
    for active in bindings:
        if active.binding.system or not active.binding.description or not active.enabled:
            continue
        title = active.node.BINDING_GROUP_TITLE or "Everywhere"
        found.setdefault(title, {}).setdefault(active.binding.action, []).append(active.binding)
    return [
        (title, [(keys, keys[0].tooltip or keys[0].description) for keys in actions.values()])
        for title, actions in found.items()
    ]
