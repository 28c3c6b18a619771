"""Runs `mammi` so that a test can wait until the explorer is at rest: `python -m tests.support.watched_explorer FD …`.

For each byte that arrives at the descriptor FD, the explorer sends `rest_mark(n)` to its terminal once all that it was
asked for is on screen. What draws by the clock is kept out of the way: cursors do not blink, and messages leave soon.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

from textual.message_pump import MessagePump
from textual.widgets import Input

import mammi_tui.app
from mammi_tui import cli
from mammi_tui.app import ExplorerApp

PATIENCE = 30.0
"""Seconds after which an explorer that is not at rest is said to be"""
_STEP = 0.01
_STILL = 5
"""How often it must be found at rest, one step after the other"""


def rest_mark(number: int) -> bytes:
    """What the explorer sends the `number`-th time that it is at rest. A terminal shows nothing of it."""
    return f"\x1b]7777;{number}\x07".encode()


class WatchedExplorer(ExplorerApp):
    CSS_PATH = Path(mammi_tui.app.__file__).with_name("app.tcss")
    NOTIFICATION_TIMEOUT = 0.2
    TOOLTIP_DELAY = 0.01
    requests = 0

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), daemon=True).start()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        while asked := os.read(self.requests, 1):
            asyncio.run_coroutine_threadsafe(self._tell(ord(asked)), loop)

    async def _tell(self, number: int) -> None:
        still, steps = 0, 0
        while still < _STILL and steps * _STEP < PATIENCE:
            await asyncio.sleep(_STEP)
            steps += 1
            still = still + 1 if self._at_rest() else 0
        if self._driver is not None:
            self._driver.write(rest_mark(number).decode())

    def _at_rest(self) -> bool:
        pumps: list[MessagePump] = [self, *self.screen_stack, *self.screen.walk_children()]
        lanes = [lane for pump in pumps if (lane := getattr(pump, "_lane", None)) is not None]
        return (
            not self.keys_underway
            and not len(self._notifications)
            and self.explorer.desk.at_rest
            and all(lane.at_rest for lane in lanes)
            and all(pump._message_queue.empty() for pump in pumps)
            and not any(worker.is_running for worker in self.workers if worker.node.is_attached)
            and not any(screen._layout_required or screen._dirty_widgets for screen in self.screen_stack)
        )


def main() -> None:
    WatchedExplorer.requests = int(sys.argv.pop(1))
    Input._toggle_cursor = lambda self: None  # type: ignore[method-assign]
    mammi_tui.app.ExplorerApp = WatchedExplorer  # type: ignore[misc]
    cli.main()


if __name__ == "__main__":
    main()
