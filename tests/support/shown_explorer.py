"""An explorer whose terminal is the emulator that shows pictures."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import mammi_tui.app
from mammi_tui.app import ExplorerApp
from mammi_tui.images.sharp import SharpBackend
from mammi_tui.terminal.changes import ChangesOnly, Update
from mammi_tui.terminal.pictures import ShowsPictures
from mammi_tui.widgets.sharp_films import SharpFilms
from tests.support.explorer import Explorer, explorer
from tests.support.pixel_terminal import PixelTerminal

_CONSOLE = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)


class ShownApp(ExplorerApp):
    CSS_PATH = str(Path(mammi_tui.app.__file__).with_name("app.tcss"))
    NOTIFICATION_TIMEOUT = 1e6
    shown: PixelTerminal | None = None

    def _changes(self, update: Update) -> ChangesOnly:
        changes = super()._changes(update)
        if self.shown is not None:
            self.shown.feed(changes.render_segments(_CONSOLE))
        return changes

    def show_on(self, terminal: PixelTerminal) -> None:
        """Draws the whole screen on another terminal, and from then on there."""
        self.shown = terminal
        self.action_redraw()


class Shown:
    """The explorer, and what its terminal shows."""

    def __init__(self, opened: Explorer, app: ShownApp, new_terminal: Any) -> None:
        self.explorer, self.app, self._new = opened, app, new_terminal
        app.show_on(new_terminal())

    @property
    def terminal(self) -> PixelTerminal:
        assert self.app.shown is not None
        return self.app.shown

    async def press(self, *keys: str) -> None:
        await self.explorer.press(*keys)
        await self.rest()

    async def rest(self) -> None:
        """Waits until all pictures that are wanted are shown."""
        await self.explorer.rest()
        still = 0
        while still < 4:
            await self.explorer.pilot.pause(0.02)
            makers = [vars(widget)["_sharp"] for widget in self.app.screen.walk_children() if "_sharp" in vars(widget)]
            busy = any(isinstance(maker, SharpFilms) and (maker._waits or not maker._lane.at_rest) for maker in makers)
            still = 0 if busy or self.app._later else still + 1

    def pictures(self) -> int:
        """How many pictures the widgets on the screen on top have ready."""
        widgets = self.app.screen.walk_children()
        return sum(len(list(widget.pictures())) for widget in widgets if isinstance(widget, ShowsPictures))

    async def ghosts(self) -> set[tuple[int, int]]:
        """The cells (column, line) that are not as on another terminal on which the whole screen is drawn, once.

        That is the explorer's terminal from then on.
        """
        pixels = self.terminal.pixels()
        self.app.show_on(self._new())
        await self.rest()
        y, x = np.nonzero((self.terminal.pixels() != pixels).any(axis=2))
        width, height = self.terminal.cell
        return set(zip((x // width).tolist(), (y // height).tolist(), strict=True))


@asynccontextmanager
async def shown_explorer(
    run: Path, folder: Path, backend: SharpBackend, size: tuple[int, int], *, tmux: bool = False
) -> AsyncIterator[Shown]:
    """Opens a copy of a run file, as `explorer` does, and shows it."""

    def new_terminal() -> PixelTerminal:
        return PixelTerminal(*size, backend.pictures.cell, tmux=tmux)

    async with explorer(run, folder, size=size, images=backend, messages=True, app_class=ShownApp) as opened:
        assert isinstance(opened.app, ShownApp)
        shown = Shown(opened, opened.app, new_terminal)
        await shown.rest()
        yield shown
