"""The explorer: a run file, opened read-only, in the terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from engine.errors import ConfigError, MammiError
from engine.store.reader import RunReader
from mammi_tui.handing_on.clipboard import sequence
from mammi_tui.handing_on.new_file import new_file
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.sharp import SharpBackend
from mammi_tui.keyboard.counting_app import CountingApp
from mammi_tui.keyboard.key_order import KeysInOrderApp
from mammi_tui.keyboard.keymap import Keymap
from mammi_tui.keyboard.remapped_app import RemappedApp
from mammi_tui.questions.start import Start
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.state.keeper import StateKeeper
from mammi_tui.terminal.endings import EndingApp
from mammi_tui.terminal.frugal import FrugalApp
from mammi_tui.terminal.messages import MessagesApp
from mammi_tui.terminal.screen_stack import SoundStackApp
from mammi_tui.text import clean
from mammi_tui.theme import DAYLIGHT, READING_ROOM
from mammi_tui.verdicts.log import VerdictLog
from mammi_tui.views.base import View
from mammi_tui.views.registry import VIEWS
from mammi_tui.widgets.key_line import working_bindings
from mammi_tui.widgets.undone import undone_on

MOST_WARNINGS = 3
"""Warnings shown at the start"""
_WEB_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")
"""What makes whoever opens a screenshot ask a web server for fonts"""


def _commands() -> type[Provider]:
    from mammi_tui.palette import ExplorerCommands

    return ExplorerCommands


class ExplorerApp(KeysInOrderApp, CountingApp, RemappedApp, SoundStackApp, MessagesApp, FrugalApp, EndingApp):
    """Shows one run.

    Raises ConfigError when $MAMMI_THEME names no theme.
    """

    TITLE = "MAMMI explorer"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="app.help", tooltip="The keys that work now"),
        Binding("colon", "command_palette", "Commands", show=False, id="app.commands", tooltip="The command palette"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="app.commands-anywhere",
                tooltip="The command palette, also while you type"),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Quit the explorer"),
        Binding("ctrl+c,ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit-now",
                tooltip="Quit the explorer, also while you type"),
        Binding("ctrl+z", "suspend_process", "To the shell", show=False, priority=True, id="app.suspend",
                tooltip="To the shell; there `fg` comes back"),
    ]  # fmt: skip

    def __init__(
        self,
        reader: RunReader,
        start: Start,
        images: ImageBackend,
        verdicts: VerdictLog,
        views: Sequence[View] = VIEWS,
        keymap: Keymap | None = None,
        keeper: StateKeeper | None = None,
    ) -> None:
        super().__init__()
        self._told_undone: list[str] = []
        """What the reader was told to be undone, on the last attempt to quit"""
        self.use_keys(keymap or Keymap())
        self._warnings: list[str] = []
        self.register_theme(READING_ROOM)
        self.register_theme(DAYLIGHT)
        self.theme = self._chosen_theme()
        self.pictures = images.pictures if isinstance(images, SharpBackend) else None
        self.explorer = ExplorerScreen(reader, start, images, verdicts, views, keeper)

    def say_at_start(self, warnings: Sequence[str]) -> None:
        """Shows warnings once the explorer is on screen: the first ones in full, and how many more there are."""
        self._warnings = [*warnings[:MOST_WARNINGS]]
        if len(warnings) > MOST_WARNINGS:
            self._warnings.append(f"{len(warnings) - MOST_WARNINGS} more: `mammi keys` lists them.")

    def on_mount(self) -> None:
        for warning in self._warnings:
            self.explorer.warn(warning)

    def _chosen_theme(self) -> str:
        """The theme that $MAMMI_THEME names, or the reading room."""
        name = os.environ.get("MAMMI_THEME") or READING_ROOM.name
        if name not in self.available_themes:
            raise ConfigError(f"MAMMI_THEME: no theme {name!r}. Available: {', '.join(sorted(self.available_themes))}.")
        return name

    async def action_quit(self) -> None:
        """Quits. Where something is undone it says so first, once."""
        undone = [what for screen in self.screen_stack for what in undone_on(screen)]
        if undone and undone != self._told_undone:
            self._told_undone = undone
            self.notify(f"{undone[0]}. Quit once more to end.", severity="warning", markup=False)
        else:
            self.exit()

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Ends, whoever asks for it, with the verdict that waits for its annotation given."""
        super().exit(*arguments, **options)  # first, as it sees to it that nothing can hold up the end
        self.explorer.finish_waiting()

    def get_default_screen(self) -> ExplorerScreen:
        return self.explorer

    def copy_to_clipboard(self, text: str) -> None:
        """Gives the terminal a text for its clipboard, through tmux and screen as well."""
        self._clipboard = text
        self.send(sequence(text, os.environ))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The app's commands in the palette that have no key. They replace Textual's own."""
        yield SystemCommand("Theme", "Dark, light and other colours", self.action_change_theme)
        for name, theme in (("Dark theme", READING_ROOM), ("Light theme", DAYLIGHT)):
            yield SystemCommand(name, f"The explorer's own, {theme.name}", partial(setattr, self, "theme", theme.name))
        yield SystemCommand("Screenshot", "Save the screen as an SVG file", self._save_screenshot)

    def _save_screenshot(self) -> None:
        """Saves the screen here, as sheets and tables are saved. Textual would read the file's path as markup."""
        picture = _WEB_FONTS.sub("", self.export_screenshot())
        try:
            path = new_file("mammi-explorer", ".svg", lambda path: path.write_text(picture, "utf-8"))
        except MammiError as error:
            self.explorer.warn(str(error))
        else:
            self.notify(clean(f"Screenshot: {path}"), markup=False)

    def search_themes(self) -> None:
        from mammi_tui.palette import Themes
        from mammi_tui.widgets.palette_box import PaletteBox

        self.push_screen(PaletteBox(providers=[Themes], placeholder="Search for themes…"))

    def action_command_palette(self) -> None:
        from mammi_tui.widgets.palette_box import PaletteBox

        if not any(isinstance(screen, PaletteBox) for screen in self.screen_stack):
            self.push_screen(PaletteBox(id="--command-palette"))

    def action_help(self) -> None:
        from mammi_tui.screens.help import CAVEAT, HelpScreen, help_notes

        first, last = self.explorer.notes() if self.screen is self.explorer else ((), ())
        focused, keys = help_notes(self.focused or self.screen, working_bindings(self.screen))
        self.push_screen(HelpScreen([focused, *first, *keys, *last, CAVEAT]))
