"""Ends the explorer cleanly, whatever ends it: a signal, a lost terminal, a shell that is killed, an error of its own.

The app is asked to end, so that it writes what it has to write. If it has not ended soon, the terminal is given back
for it and the process ends at once. No ending waits for threads that still compute an answer.
"""

from __future__ import annotations

import asyncio
import math
import os
import select
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

from mammi_tui.hang_up import HUNG_UP, in_foreground

LETHAL: dict[int, str] = {
    getattr(signal, name): name
    for name in (
        *("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGABRT", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGUSR1", "SIGUSR2"),
        *("SIGIO", "SIGPWR", "SIGSTKFLT", "SIGXCPU", "SIGXFSZ"),
    )
    if hasattr(signal, name)
}
"""The signals that would end the process at once, without those of a fault in the program's own code, and SIGKILL"""
PATIENCE = 0.5
"""Seconds that the app has to end once it is asked to"""
_LAST = 0.2
"""Seconds that the process has once the app has ended well, and has nothing more to say"""
_TERMINAL = (0, 2)
"""The descriptors from which keys are read and to which the screen is drawn"""
_ORPHANED = 1.0
"""Seconds in which another shell takes the terminal after the one that started the explorer has ended"""


class EndingApp(App[None]):
    """An app that other threads can end, with a status."""

    def __init__(self) -> None:
        super().__init__()
        self.status: int | None = None
        """The status that ends the process; None while nobody has asked for its end"""

    @property
    def is_ending(self) -> bool:
        return self.status is not None

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

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Ends the app; and the process where that takes too long, as with a terminal that nobody reads."""
        if self.has_used_terminal:
            _after(2 * PATIENCE, self.end_now)
        super().exit(*arguments, **options)

    def end_now(self) -> None:
        """Gives the terminal back and ends the process, from any thread."""
        self.restore_terminal(alone=False)
        os._exit(self.return_code or 0 if self.status is None else self.status)

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
        from mammi_tui.terminal_driver import TerminalDriver

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
def ending_cleanly(app: EndingApp) -> Iterator[None]:
    """Within the block, which runs the app on the main thread, every ending gives the terminal back within a second.

    Raises SystemExit with 128 + the signal's number after a signal, as a shell reports it.
    """
    if not hasattr(select, "poll"):
        yield
        return
    with _Watch(app).signals_caught():
        failed = True
        try:
            yield
            failed = bool(app.return_code)
        finally:
            app.restore_terminal(alone=True)
            if app.has_used_terminal:
                # Threads that still compute what nobody waits for would hold it up.
                status = int(failed) if app.status is None else app.status
                _after(PATIENCE if failed else _LAST, partial(os._exit, status))
    if app.status is not None:
        raise SystemExit(app.status)


def _after(seconds: float, end: Callable[[], object]) -> None:
    """Calls `end`, which ends the process, after that time. Until then the process may end by itself."""

    def wait() -> None:
        time.sleep(seconds)
        end()

    threading.Thread(target=wait, name="end", daemon=True).start()


class _Watch:
    """A thread that sees signals, and the loss of the terminal, also while the app's own thread is busy or stuck."""

    def __init__(self, app: EndingApp) -> None:
        self._app = app
        self._signals, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._poll = select.poll()
        self._poll.register(self._signals, select.POLLIN)
        self._parent = _process(os.getppid())
        for descriptor in self._parent:
            self._poll.register(descriptor, select.POLLIN)
        for descriptor in _TERMINAL:
            self._poll.register(descriptor, 0)  # tells when it hangs up
        self._end_by = self._orphan_until = math.inf
        self._thread = threading.Thread(target=self._run, name="endings", daemon=True)

    @contextmanager
    def signals_caught(self) -> Iterator[None]:
        """Lets the thread see the lethal signals that this process does not ignore."""
        before = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        caught = [number for number in LETHAL if signal.getsignal(number) is not signal.SIG_IGN]
        handlers = {number: signal.signal(number, self._note) for number in caught}
        self._thread.start()
        try:
            yield
        finally:
            self._stop()
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            for descriptor in (self._signals, self._wake, *self._parent):
                os.close(descriptor)

    def _note(self, number: int, _frame: object) -> None:
        """Notes on the app's thread, before it goes on, that the app is to end."""
        if self._app.status is None:
            self._app.status = 128 + number

    def _stop(self) -> None:
        """Ends the thread."""
        with suppress(BlockingIOError):
            os.write(self._wake, b"\0")
        self._thread.join()

    def _run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll(self._milliseconds()):
                if descriptor == self._signals:
                    for number in os.read(self._signals, 1024):
                        if not number:
                            return
                        if number in LETHAL:
                            self._end(128 + number)
                    continue
                self._poll.unregister(descriptor)
                if descriptor in self._parent:
                    self._orphan_until = time.monotonic() + _ORPHANED
                else:
                    self._end(HUNG_UP)
            if self._is_orphaned():
                self._end(HUNG_UP)
            if time.monotonic() >= self._end_by:
                self._app.end_now()

    def _milliseconds(self) -> float | None:
        """How long to wait for something to happen; None where nothing is due."""
        if self._orphan_until < math.inf:
            return 50
        return None if self._end_by == math.inf else max(1, 1000 * (self._end_by - time.monotonic()))

    def _is_orphaned(self) -> bool:
        """Whether another shell uses the terminal after the one that started the explorer has ended."""
        if self._orphan_until == math.inf:
            return False
        taken = not in_foreground(_TERMINAL[0])
        if taken or time.monotonic() >= self._orphan_until:
            self._orphan_until = math.inf
        return taken

    def _end(self, status: int) -> None:
        """Asks the app to end. Ends the process where the app does not run yet."""
        self._end_by = min(self._end_by, time.monotonic() + PATIENCE)
        if not self._app.end_soon(status):
            self._app.end_now()


def _process(number: int) -> tuple[int, ...]:
    """A descriptor that tells when a process ends; none where the system has no such thing."""
    try:
        return (os.pidfd_open(number),)
    except (AttributeError, OSError):
        return ()
