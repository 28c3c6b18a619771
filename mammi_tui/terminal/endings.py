"""Ends the explorer cleanly, whatever ends it: a signal, a lost terminal, a shell that is killed, an error of its own.

The app is asked to end, so that it writes what it has to write. If it has not ended soon, the terminal is given back
for it and the process ends at once. No ending waits for threads that still compute an answer.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from textual.app import App
from textual.driver import Driver

from engine.own_files import remove_unfinished
from mammi_tui.terminal.replies import Sorter
from mammi_tui.terminal.watch import PATIENCE, Watch

_LAST = 0.2
"""Seconds that the process has once the app has ended well, and has nothing more to say"""


class EndingApp(App[None]):
    """An app that other threads can end, with a status."""

    def __init__(self) -> None:
        super().__init__()
        self.patience = PATIENCE
        self.status: int | None = None
        """The status that ends the process; None while nobody has asked for its end"""
        self.sorter = Sorter()
        """Keeps replies of the terminal from being taken for keys"""
        self.typed_ahead = ""
        """Keys from before the terminal was in use"""

    @property
    def is_ending(self) -> bool:
        return self.status is not None

    def hear(self, status: int) -> None:
        """Notes, before the main thread goes on, that the app is to end."""
        self.status = self.status or status

    def end_soon(self, status: int) -> bool:
        """Asks the app, from any thread, to end with a status. False if it does not run (yet)."""
        if self.status is None:
            self.status = status
        loop = self._loop
        if loop is None:
            return False
        with suppress(RuntimeError):  # the loop has been closed since
            loop.call_soon_threadsafe(self.exit)
        return True

    def remind(self) -> None:
        """The watch ends the process."""

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Ends the app; and the process where that takes too long, as with a terminal that nobody reads."""
        if self.has_used_terminal:
            _after(2 * PATIENCE, self.end_now)
        super().exit(*arguments, **options)

    def farewell(self) -> str:
        """What else takes off the terminal what the app has put there, from any thread."""
        return ""

    def end_now(self) -> None:
        """Gives the terminal back and ends the process, from any thread."""
        status = self.return_code or 0 if self.status is None else self.status
        self.restore_terminal(alone=False)  # what reads keys takes this for the loss of the terminal
        _end(status)

    def restore_terminal(self, *, alone: bool) -> None:
        """Gives the terminal back at once, if that has not been done. `alone` as in `TerminalDriver.restore_now`."""
        if (driver := self._driver) is not None and hasattr(driver, "restore_now"):
            driver.restore_now(alone=alone)

    @property
    def has_used_terminal(self) -> bool:
        return self._driver is not None and not self._driver.is_headless

    def get_driver_class(self) -> type[Driver]:
        if sys.platform == "win32":
            return super().get_driver_class()
        from mammi_tui.terminal.driver import TerminalDriver

        return TerminalDriver

    def run(self, **options: Any) -> None:
        """Runs the app in a loop that does not wait, when it ends, for threads that still compute an answer."""
        loop = asyncio.new_event_loop()
        try:
            super().run(loop=loop, **options)
        finally:
            loop.close()

    def action_suspend_process(self) -> None:
        """Stops this process and those that the shell counts to the same job, as Ctrl-Z does elsewhere."""
        if hasattr(signal, "SIGTSTP"):
            os.killpg(os.getpgrp(), signal.SIGTSTP)

    def _fatal_error(self) -> None:
        """Ends the app after an error. Textual draws the traceback first, which may take a second."""
        if self.error_console.quiet:
            self._close_messages_no_wait()
        else:
            super()._fatal_error()


@contextmanager
def ending_cleanly(app: EndingApp, watch: Watch | None) -> Iterator[None]:
    """Within the block, which runs the app on the main thread, every ending gives the terminal back within a second.

    Without a watch, as where the system has no such thing, only the endings that the app sees do.

    Raises SystemExit with 128 + the signal's number after a signal, as a shell reports it.
    """
    if watch is not None:
        watch.ends = app
    failed = True
    try:
        yield
        failed = bool(app.return_code)
    finally:
        app.restore_terminal(alone=True)
        if app.has_used_terminal:
            # Threads that still compute what nobody waits for would hold it up.
            status = int(failed) if app.status is None else app.status
            _after(PATIENCE if failed else _LAST, partial(_end, status))
    if app.status is not None:
        raise SystemExit(app.status)


def _end(status: int) -> None:
    """Ends the process at once."""
    remove_unfinished()
    os._exit(status)


def _after(seconds: float, end: Callable[[], object]) -> None:
    """Calls `end`, which ends the process, after that time. Until then the process may end by itself."""

    def wait() -> None:
        time.sleep(seconds)
        end()

    threading.Thread(target=wait, name="end", daemon=True).start()
