"""Stops a command that has no screen of its own: it ends as after an error, so that what it has made is whole or gone.

A signal is an exception on the main thread. Where that is lost, as in a callback of C code, it is raised once more.
Where it does not come to the thread, as in the midst of a long computation, another signal ends the process.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
import weakref

from engine.own_files import remove_unfinished

INTERRUPTED = 128 + signal.SIGINT
_TOGETHER = 0.25
"""Seconds in which signals are one: a shell, a terminal and a scheduler may all send theirs"""
_LOST = 1.0
"""Seconds after which an exception that nothing holds any more is lost, and has not become another one"""


class Stop(KeyboardInterrupt):
    """A signal asked for the end."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Stopping:
    """What a watch (mammi_tui/terminal/watch.py) can end of a command."""

    def __init__(self) -> None:
        self.patience = math.inf
        self.status: int | None = None
        self._is_heard = False
        self._asked_at: float | None = None
        self._raised: weakref.ref[Stop] | None = None
        self._lost_at = math.inf

    def hear(self, status: int) -> None:
        if not self._is_heard:
            self._is_heard = True
            self.status = self.status or status
            stop = Stop(self.status)
            self._raised, self._lost_at = weakref.ref(stop), math.inf
            try:
                raise stop
            finally:
                del stop  # else this frame, which its traceback holds, would hold it

    def end_soon(self, status: int) -> bool:
        self.status = self.status or status
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        return time.monotonic() < self._asked_at + _TOGETHER

    def remind(self) -> None:
        if self._raised is None or self._raised() is not None or self.status is None or _is_ending():
            return
        now = time.monotonic()
        self._lost_at = min(self._lost_at, now)
        if now >= self._lost_at + _LOST:
            self._asked_at, self._raised, self._is_heard = now, None, False
            signal.pthread_kill(threading.main_thread().ident or 0, self.status - 128)

    def end_now(self) -> None:
        remove_unfinished()
        os._exit(self.status or INTERRUPTED)


def _is_ending() -> bool:
    """Whether the main thread handles an exception: a library may have made its own of ours, as DuckDB does, and what
    tidies up after it is not to be stopped halfway."""
    handled = sys._current_exceptions().get(threading.main_thread().ident or 0)
    return handled is not None and handled != (None, None, None)
