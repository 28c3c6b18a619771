"""Stops a command that has no screen of its own: it ends as after an error, so that what it has made is whole or gone.

A signal is an exception on the main thread. Where that does not come to it, as in the midst of a long computation,
another signal ends the process.
"""

from __future__ import annotations

import math
import os
import signal
import time

INTERRUPTED = 128 + signal.SIGINT
_TOGETHER = 0.25
"""Seconds in which signals are one: a shell, a terminal and a scheduler may all send theirs"""


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

    def hear(self, status: int) -> None:
        if not self._is_heard:
            self._is_heard = True
            self.status = self.status or status
            raise Stop(self.status)

    def end_soon(self, status: int) -> bool:
        self.status = self.status or status
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        return time.monotonic() < self._asked_at + _TOGETHER

    def end_now(self) -> None:
        os._exit(self.status or INTERRUPTED)
