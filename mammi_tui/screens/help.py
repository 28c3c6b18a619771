"""The help, which can be searched: the pane with the focus, the keys in force, and notes on what is on screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from mammi_tui.keyboard.names import shown
from mammi_tui.keyboard.remapped_app import key_of
from mammi_tui.notes import Note
from mammi_tui.screens.help_sheet import HelpSheet
from mammi_tui.widgets.typed_line import TypedLine

EVERYWHERE = "Everywhere"
CAVEAT = Note(
    "Keep in mind",
    [
        ("", "Films drawn with cells are a preview, not for diagnosis."),
        ("", "Concept scores are differences of cosines (or cosines, where the line on top says that no template is "
             "subtracted), not probabilities: compare them within a neuron."),
        ("", "A number before a key counts: 5j goes five lines down, 20G to the twentieth line."),
    ],
)  # fmt: skip


class SearchLine(TypedLine):
    """Takes what is searched, while other keys scroll the help."""

    BINDING_GROUP_TITLE = "Help"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.leave", "Close", id="help.close", tooltip="Clear what is searched, then close"),
        Binding("f1", "screen.close", "Close", show=False, id="help.close-now", tooltip="Close the help"),
        Binding("down", "screen.scroll(1)", "Down", show=False, id="help.down", tooltip="One line down"),
        Binding("up", "screen.scroll(-1)", "Up", show=False, id="help.up", tooltip="One line up"),
        Binding("ctrl+d", "screen.page(0.5)", "Half page down", show=False, id="help.half-down"),
        Binding("ctrl+u", "screen.page(-0.5)", "Half page up", show=False, id="help.half-up"),
        Binding("pagedown,ctrl+f", "screen.page(1)", "Page down", show=False, id="help.page-down"),
        Binding("pageup,ctrl+b", "screen.page(-1)", "Page up", show=False, id="help.page-up"),
        Binding("ctrl+home", "screen.go_to(0)", "First", show=False, id="help.first", tooltip="To the first line"),
        Binding("ctrl+end", "screen.go_to(-1)", "Last", show=False, id="help.last", tooltip="To the last line"),
    ]

    def on_key(self, event: events.Key) -> None:
        """Closes the help by the key that opened it, as long as nothing is searched."""
        if not self.value and event.key in [key for key, binding in self.app._bindings if binding.action == "help"]:
            event.stop()
            event.prevent_default()
            self.screen.dismiss()


class HelpScreen(ModalScreen[None]):
    """Shows notes. Typing searches them."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        Vertical {
            width: 84;
            max-width: 96%;
            height: 92%;
            background: $surface;
            border: round $border;
            border-title-color: $text-accent;
            border-title-style: bold;
            border-subtitle-color: $foreground 70%;
        }
        SearchLine { height: 1; border: none; padding: 0 1; background: $panel; }
        HelpSheet { background: $surface; height: 1fr; }
    }
    """

    def __init__(self, notes: Sequence[Note]) -> None:
        super().__init__()
        self._line = SearchLine(placeholder="type to search", compact=True)
        self._sheet = HelpSheet(notes, id="help-sheet")
        self._sheet.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Help"
            yield self._line
            yield self._sheet

    def on_mount(self) -> None:
        self._say_what_leaves()

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        event.stop()
        self._sheet.search(event.value)
        self._say_what_leaves()

    def _say_what_leaves(self) -> None:
        does = "shows all again" if self._line.value else "closes"
        self.query_one(Vertical).border_subtitle = f"{key_of(self._line, 'help.close')} {does}"

    def action_leave(self) -> None:
        """Clears what is searched; where nothing is, closes the help."""
        if self._line.value:
            self._line.value = ""
        else:
            self.dismiss()

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        self._sheet.action_scroll(lines)

    def action_page(self, pages: float) -> None:
        self._sheet.action_page(pages)

    def action_go_to(self, row: int) -> None:
        self._sheet.action_go_to(row)


def help_notes(focused: Widget | None, bindings: Iterable[ActiveBinding]) -> tuple[Note, list[Note]]:
    """What the focused widget is, with its keys; and the keys of the other parts of the screen, part by part."""
    about = [("", " ".join(focused.HELP.split()))] if focused and focused.HELP else []
    first, *others = sections(bindings)
    return Note(first.title, [*about, *first.lines]), others


def sections(bindings: Iterable[ActiveBinding]) -> list[Note]:
    """For each part of the screen, its keys and what they do. Keys that do the same in the same words share a line.

    Keys that Textual gives to every screen are left out: they are not the explorer's, and have no id.
    """
    found: dict[str, dict[tuple[str, str], list[ActiveBinding]]] = {}
    for active in bindings:
        binding = active.binding
        if binding.id is None or binding.system or not binding.description or not active.enabled:
            continue
        title = active.node.BINDING_GROUP_TITLE or EVERYWHERE
        does = binding.action, binding.tooltip or binding.description
        found.setdefault(title, {}).setdefault(does, []).append(active)
    return [
        Note(
            title,
            [
                ("  ".join(dict.fromkeys(shown(active.binding.key) for active in same)), text)
                for (_, text), same in actions.items()
            ],
        )
        for title, actions in found.items()
    ] or [Note(EVERYWHERE, [])]
