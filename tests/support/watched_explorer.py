"""Runs `mammi` so that a test can wait until the explorer is at rest: `python -m tests.support.watched_explorer FD …`.

For each byte that arrives at the descriptor FD, the explorer sends `rest_mark(n)` to its terminal once all that it was
asked for is on screen. What draws by the clock is kept out of the way: cursors do not blink, and messages leave soon.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from textual.command import CommandPalette
from textual.message_pump import MessagePump
from textual.widgets import Input

import mammi_tui.app
from mammi_tui import cli
from mammi_tui.app import ExplorerApp
from mammi_tui.keyboard import counting_app
from mammi_tui.questions import evidence
from mammi_tui.screens import judging
from mammi_tui.terminal import driver
from tests.support.processes import Waiting

PATIENCE = 30.0
"""Seconds after which an explorer that is not at rest is said to be"""
ERROR = "error.txt"
"""The file, in the folder that it runs in, to which an error goes"""
QUIT = "quit.txt"
"""The file there that says that somebody asked it to quit"""
WHERE = 255
"""Asks for what each thread does at the moment"""
REDRAW = 254
"""Asks for what Ctrl-L does, without the key, which would end what other keys have begun"""
_SHOWN = 0.2
"""Seconds for which a message to the reader is shown"""
_STEP = 0.01
_STILL = 5
"""How often it must be found at rest, one step after the other"""


def rest_mark(number: int) -> bytes:
    """What the explorer sends the `number`-th time that it is at rest, up to what keeps it from rest.

    A terminal shows nothing of it.
    """
    return f"\x1b]7777;{number};".encode()


class WatchedExplorer(ExplorerApp):
    CSS_PATH = str(Path(mammi_tui.app.__file__).with_name("app.tcss"))
    NOTIFICATION_TIMEOUT = _SHOWN
    TOOLTIP_DELAY = 0.01
    requests = 0

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), daemon=True).start()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        while asked := os.read(self.requests, 1):
            if ord(asked) == WHERE:
                _dump(loop)
                told = [(found.severity, found.message[:200], found.raised_at) for found in self._notifications]
                print(f"messages to the reader: {told}\nbusy: {self._busy()}", file=sys.__stderr__, flush=True)
                continue
            if ord(asked) == REDRAW:
                loop.call_soon_threadsafe(self.action_redraw)
                continue
            asyncio.run_coroutine_threadsafe(self._tell(ord(asked)), loop).add_done_callback(self._report)

    def _report(self, told: Future[None]) -> None:
        if not told.cancelled() and (error := told.exception()) is not None:
            self.call_later(self._handle_exception, error)

    async def action_quit(self) -> None:
        Path(QUIT).touch()
        await super().action_quit()

    def _handle_exception(self, error: Exception) -> None:
        with Path(ERROR).open("a") as file:
            traceback.print_exception(error, file=file)
        super()._handle_exception(error)

    async def _tell(self, number: int) -> None:
        still, end, waiting = 0, time.monotonic() + PATIENCE, Waiting(os.getpid())
        while still < _STILL and (time.monotonic() < end or time.monotonic() < end + waiting.seconds()):
            await asyncio.sleep(_STEP)
            for pump in (self, self.screen):
                await self._turn_of(pump)
            busy = self._busy()
            still = 0 if busy else still + 1
        if self._driver is not None:
            self._driver.write(f"{rest_mark(number).decode()}{','.join(busy)}\x07")

    async def _turn_of(self, pump: MessagePump) -> None:
        """Waits until a pump has handled all that it has been sent so far."""
        turn = asyncio.Event()
        if pump.call_later(turn.set):
            with suppress(TimeoutError):
                await asyncio.wait_for(turn.wait(), PATIENCE)

    def _busy(self) -> list[str]:
        """What keeps the explorer from rest."""
        if not self.screen_stack:
            return ["no screen"]
        pumps: list[MessagePump] = [self, *self.screen_stack, *self.screen.walk_children()]
        lanes = [lane for pump in pumps if (lane := getattr(pump, "_lane", None)) is not None]
        found = {
            "keys": self.keys_underway,
            "messages to the reader": self._notifications or any(screen.query("Toast") for screen in self.screen_stack),
            "questions": not self.explorer.desk.at_rest,
            "films": not all(lane.at_rest for lane in lanes),
            "messages": not all(pump._message_queue.empty() for pump in pumps),
            "workers": any(worker.is_running for worker in self.workers if worker.node.is_attached),
            "layout": self.screen._layout_required,
            f"drawing {[str(widget) for widget in self.screen._dirty_widgets]}": bool(self.screen._dirty_widgets),
        }
        return [what for what, busy in found.items() if busy]


def _dump(loop: asyncio.AbstractEventLoop) -> None:
    """Prints what each thread does, and what each task that has begun waits for."""
    said = sys.__stderr__ or sys.stderr
    faulthandler.dump_traceback(said)
    for task in asyncio.all_tasks(loop):
        print(f"{task.get_name()} {task.get_coro()}", file=said)
        for frame in _waits(task):
            print(f"  {frame}", file=said)
    said.flush()


def _waits(task: asyncio.Task[Any]) -> Iterator[str]:
    """Where a task waits, from the outermost call inwards."""
    waiting: Any = task.get_coro()
    while (frame := getattr(waiting, "cr_frame", None)) is not None:
        yield f"{frame.f_code.co_qualname}, line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}"
        waiting = waiting.cr_await


def main() -> None:
    WatchedExplorer.requests = int(sys.argv.pop(1))
    CommandPalette._NO_MATCHES_COUNTDOWN = CommandPalette._BUSY_COUNTDOWN = _STEP  # type: ignore[misc]
    counting_app.TOGETHER = evidence.IDLE = evidence.IDLE_OF_LARGE_RUNS = _STEP
    judging.LONG = _SHOWN
    driver._SETTLED = _STEP
    Input._toggle_cursor = lambda self: None  # type: ignore[method-assign]
    mammi_tui.app.ExplorerApp = WatchedExplorer  # type: ignore[misc]
    cli.main()


if __name__ == "__main__":
    main()
