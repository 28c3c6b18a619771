"""The help: the keys that work now, taken from the bindings, and notes on what is on screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from mammi_tui.notes import Note

NOTE = (
    "Films drawn with cells are a preview, not for diagnosis. "
    "Concept scores are differences of cosines (or cosines, where the line on top says that no template is "
    "subtracted), not probabilities: compare them within a neuron."
)


class HelpScreen(ModalScreen[None]):
    """Notes on what is on screen, then the keys of the focused pane, then those of the explorer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", id="help.close"),
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

    def __init__(
        self, bindings: Iterable[ActiveBinding], first: Sequence[Note] = (), last: Sequence[Note] = ()
    ) -> None:
        """`first` are the notes before the keys, `last` those after them."""
        super().__init__()
        self._first, self._last = first, last
        self._sections = sections(bindings)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(Text(NOTE, "italic"))
            yield from (Static(self._table(note)) for note in self._first)
            yield Static(self._text())
            yield from (Static(self._table(note)) for note in self._last)

    def _text(self) -> Text:
        lines = Text("\n")
        widest = max(cell_len(self._shown(keys)) for _, rows in self._sections for keys, _ in rows)
        for title, rows in self._sections:
            lines.append(f"{title}\n", self._title_style)
            for keys, what in rows:
                shown = self._shown(keys)
                lines.append(f"  {shown}{' ' * (widest - cell_len(shown))}  ", "bold")
                lines.append(f"{what}\n")
            lines.append("\n")
        lines.right_crop(1)
        return lines

    def _table(self, note: Note) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(max_width=24)
        table.add_column(ratio=1)
        table.title, table.title_justify, table.title_style = f"\n{note.title}", "left", self._title_style
        for term, explanation in note.lines:
            table.add_row(Text(f"  {term}", "bold"), Text(explanation))
        return table

    @property
    def _title_style(self) -> str:
        return f"bold {self.app.theme_variables['text-accent']}"

    def _shown(self, keys: list[Binding]) -> str:
        plain = [binding.with_key(binding.key) for binding in keys]
        return "  ".join(dict.fromkeys(self.app.get_key_display(binding) for binding in plain))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def sections(bindings: Iterable[ActiveBinding]) -> list[tuple[str, list[tuple[list[Binding], str]]]]:
    """For each part of the screen, its actions in words, each with all of its keys."""
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
