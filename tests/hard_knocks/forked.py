"""Runs `mammi` in a forked process on a pseudo-terminal: what it would load has been loaded once."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mammi_tui import cli
from tests.support.processes import Waiting


class Forked:
    """A command that runs on a terminal of its own. `end` waits for its end."""

    def __init__(self, arguments: Sequence[str], folder: Path, *, ignores: Sequence[int] = ()) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.process, self._fd = pty.fork()
        if not self.process:
            _run(arguments, folder, ignores)
        self.received = b""
        self.status: int | None = None
        """Negative for a signal that ended it"""
        self.found: list[Any] = termios.tcgetattr(self._fd)
        """The terminal's attributes, which are the same after it"""
        self._asked_at, self._waiting = time.monotonic(), Waiting(self.process)

    def read(self, seconds: float) -> None:
        """Reads for that long what it writes, or until it ends."""
        end = time.monotonic() + seconds
        while self.status is None and (left := end - time.monotonic()) > 0:
            self._waiting.seconds()
            with suppress(OSError):
                if select.select([self._fd], [], [], min(left, 0.02))[0]:
                    self.received += os.read(self._fd, 65536)
            ended, status = os.waitpid(self.process, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)

    def send(self, number: int) -> None:
        """Sends a signal. `took` counts from the last one."""
        self._asked_at, self._waiting = time.monotonic(), Waiting(self.process)
        with suppress(ProcessLookupError):
            os.kill(self.process, number)

    def end(self, seconds: float) -> bool:
        """Whether it ends in time; else it is killed."""
        self.read(seconds)
        in_time = self.status is not None
        if not in_time:
            os.kill(self.process, signal.SIGKILL)
            self.read(5)
        with suppress(OSError):
            while select.select([self._fd], [], [], 0)[0]:
                self.received += os.read(self._fd, 65536)
        return in_time

    def took(self) -> float:
        """Seconds from the last signal on, without those in which the processors worked for others."""
        return time.monotonic() - self._asked_at - self._waiting.seconds()

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def _run(arguments: Sequence[str], folder: Path, ignores: Sequence[int]) -> None:
    """Never returns."""
    status = 99
    try:
        os.chdir(folder)
        os.environ["TERM"] = "xterm-256color"
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGHUP, signal.SIGQUIT):  # ignored, where these tries run in the background of a script
            signal.signal(number, signal.SIG_DFL)
        for number in ignores:
            signal.signal(number, signal.SIG_IGN)
        sys.stdin, sys.stdout, sys.stderr = (open(each, mode, closefd=False) for each, mode in enumerate("rww"))  # noqa: SIM115
        sys.argv = ["mammi", *arguments]
        cli.main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 (said as the interpreter would)
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        status = 1
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
