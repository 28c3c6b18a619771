"""The explorer: a run file, opened read-only, in the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from engine.errors import ConfigError
from engine.store.reader import RunReader
from mammi_tui.endings import EndingApp
from mammi_tui.frugal import FrugalApp
from mammi_tui.handing_on.clipboard import sequence
from mammi_tui.images.base import ImageBackend
from mammi_tui.key_order import KeysInOrderApp
from mammi_tui.questions.start import Start
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.state.keeper import StateKeeper
from mammi_tui.theme import DAYLIGHT, READING_ROOM
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.views.base import View
from mammi_tui.views.registry import VIEWS
from mammi_tui.widgets.key_line import working_bindings


def _commands() -> type[Provider]:
    from mammi_tui.palette import ExplorerCommands

    return ExplorerCommands


class ExplorerApp(KeysInOrderApp, FrugalApp, EndingApp):
    """Shows one run.

    Raises ConfigError when $MAMMI_THEME names no theme.
    """

    TITLE = "MAMMI explorer"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = App.COMMANDS | {_commands}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", id="help", tooltip="The keys that work now"),
        Binding("f1", "help", "Help", id="help.f1", tooltip="The keys that work now"),
        Binding("colon", "command_palette", "Commands", key_display=":", show=False, id="palette",
                tooltip="The command palette"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="palette.ctrl+p",
                tooltip="The command palette"),
        Binding("q", "quit", "Quit", id="quit", tooltip="Quit the explorer"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True, id="quit.now"),
        Binding("ctrl+z", "suspend_process", "To the shell", show=False, priority=True, id="suspend",
                tooltip="To the shell; there `fg` comes back"),
    ]  # fmt: skip

    def __init__(
        self,
        reader: RunReader,
        start: Start,
        images: ImageBackend,
        verdicts: VerdictLog,
        views: Sequence[View] = VIEWS,
        keeper: StateKeeper | None = None,
    ) -> None:
        super().__init__()
        self.register_theme(READING_ROOM)
        self.register_theme(DAYLIGHT)
        self.theme = self._chosen_theme()
        self.explorer = ExplorerScreen(reader, start, images, verdicts, views, keeper)

    def _chosen_theme(self) -> str:
        """The theme that $MAMMI_THEME names, or the reading room."""
        name = os.environ.get("MAMMI_THEME") or READING_ROOM.name
        if name not in self.available_themes:
            raise ConfigError(f"MAMMI_THEME: no theme {name!r}. Available: {', '.join(sorted(self.available_themes))}.")
        return name

    def get_default_screen(self) -> ExplorerScreen:
        return self.explorer

    def copy_to_clipboard(self, text: str) -> None:
        """Gives the terminal a text for its clipboard, through tmux and screen as well."""
        self._clipboard = text
        self.send(sequence(text, os.environ))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The app's commands in the palette. They replace Textual's own, some of which do not fit here."""
        yield SystemCommand("Theme", "Dark, light and other colours", self.action_change_theme)
        for name, theme in (("Dark theme", READING_ROOM), ("Light theme", DAYLIGHT)):
            yield SystemCommand(name, f"The explorer's own, {theme.name}", partial(setattr, self, "theme", theme.name))
        yield SystemCommand("Keys", "The keys that work now", self.action_help)
        yield SystemCommand("Screenshot", "Save the screen as an SVG file", lambda: self.deliver_screenshot())
        yield SystemCommand("Quit", "Leave the explorer", self.action_quit)

    def action_help(self) -> None:
        from mammi_tui.screens.help import HelpScreen

        first, last = self.explorer.notes() if self.screen is self.explorer else ((), ())
        self.push_screen(HelpScreen(working_bindings(self.screen), first, last))
