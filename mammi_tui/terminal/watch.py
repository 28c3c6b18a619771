"""Sees what would end the program: signals, a lost terminal, the end of the shell that started it."""

from __future__ import annotations

import math
import os
import select
import signal
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from mammi_tui.terminal.hang_up import HUNG_UP, in_foreground

_LEFT = (
    *("SIGKILL", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"),  # never caught; those that only stop
    *("SIGCHLD", "SIGURG", "SIGWINCH", "SIGPIPE", "SIGINFO"),  # end nothing
    *("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL"),  # faults in the program's own code: it cannot go on
)
LETHAL = signal.valid_signals() - {getattr(signal, name) for name in _LEFT if hasattr(signal, name)}
"""The signals that would end the process at once, and that can be seen"""
PATIENCE = 0.5
"""Seconds that what has the terminal has to end once it is asked to"""
_REMINDED = 0.25
"""Seconds between two reminders"""
_TERMINAL = (0, 2)
"""The descriptors from which keys are read and to which the screen is drawn"""
_ORPHANED = 5.0
"""Seconds in which another shell takes the terminal after the one that started the explorer has ended"""
_STOP, _LOOK = b"\0", b"\xff"
"""What the thread is told by bytes that are no signals: to end, and to look at what it watches by now"""


class Ends(Protocol):
    """What can be ended."""

    patience: float
    """Seconds that it has to end once it is asked to; infinite where only another signal ends it then"""
    status: int | None
    """The status that ends the process; None while nobody has asked for its end"""

    def hear(self, status: int) -> None:
        """Hears of a signal on the main thread, between two of its steps. May raise what ends them."""

    def end_soon(self, status: int) -> bool:
        """Asks it, from any thread, to end with a status. False if it is to be ended now."""

    def remind(self) -> None:
        """Is called now and then, from the watch's thread, while the end that was asked for has not come."""

    def end_now(self) -> None:
        """Ends the process, from any thread."""


class Watch:
    """A thread that sees signals, and the loss of the terminal, also while the program's own thread is busy or stuck.

    It asks what runs (`ends`) to end; where nothing does, it ends the process at once.
    """

    def __init__(self, ends: Ends | None = None) -> None:
        self.ends = ends
        self._signals, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._poll = select.poll()
        self._poll.register(self._signals, select.POLLIN)
        self._parent: tuple[int, ...] = ()
        self._end_by = self._orphan_until = math.inf
        self._thread = threading.Thread(target=self._run, name="endings", daemon=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within the block, the thread sees all lethal signals that this process does not ignore."""
        before = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        caught = [number for number in LETHAL if signal.getsignal(number) not in (signal.SIG_IGN, None)]
        handlers = {number: signal.signal(number, self._note) for number in caught}
        self._thread.start()
        try:
            yield
        finally:
            self._tell(_STOP)
            self._thread.join()
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            for descriptor in (self._signals, self._wake, *self._parent):
                os.close(descriptor)

    def watch_terminal(self) -> None:
        """Sees from now on the loss of the terminal too, and of the shell. Until something `ends`, both end the
        process."""
        self.ends = None
        self._parent = _process(os.getppid())
        for descriptor in self._parent:
            self._poll.register(descriptor, select.POLLIN)
        for descriptor in _TERMINAL:
            if _is_device(descriptor):
                self._poll.register(descriptor, 0)  # tells when it hangs up, or has hung up
        self._tell(_LOOK)

    def _note(self, number: int, _frame: object) -> None:
        if self.ends is not None:
            self.ends.hear(128 + number)

    def _tell(self, what: bytes) -> None:
        with suppress(BlockingIOError):
            os.write(self._wake, what)  # noqa: TID251 (a pipe of its own)

    def _run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll(self._milliseconds()):
                if descriptor == self._signals:
                    for number in os.read(self._signals, 1024):
                        if number == ord(_STOP):
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
            if (ends := self.ends) is not None and ends.status is not None:
                ends.remind()
                if time.monotonic() >= self._end_by:
                    ends.end_now()

    def _milliseconds(self) -> float | None:
        """How long to wait for something to happen; None where nothing is due."""
        if self._orphan_until < math.inf:
            return 50
        if self._end_by < math.inf:
            return max(1, 1000 * (self._end_by - time.monotonic()))
        return None if self.ends is None or self.ends.status is None else 1000 * _REMINDED

    def _is_orphaned(self) -> bool:
        """Whether another shell uses the terminal after the one that started the explorer has ended."""
        if self._orphan_until == math.inf:
            return False
        taken = not in_foreground(_TERMINAL[0])
        if taken or time.monotonic() >= self._orphan_until:
            self._orphan_until = math.inf
        return taken

    def _end(self, status: int) -> None:
        """Asks what runs to end. Ends the process where nothing runs yet."""
        if (ends := self.ends) is None:
            os._exit(status)
        self._end_by = min(self._end_by, time.monotonic() + ends.patience)
        if not ends.end_soon(status):
            ends.end_now()


def _process(number: int) -> tuple[int, ...]:
    """A descriptor that tells when a process ends; none where the system has no such thing."""
    try:
        return (os.pidfd_open(number),)
    except (AttributeError, OSError):
        return ()


def _is_device(descriptor: int) -> bool:
    """Whether this may be a terminal: one that is lost no longer says that it is."""
    try:
        return stat.S_ISCHR(os.fstat(descriptor).st_mode)
    except OSError:
        return False


@contextmanager
def watching(ends: Ends) -> Iterator[Watch | None]:
    """Watches within the block; not where the system, or the calling thread, cannot."""
    if not hasattr(select, "poll") or threading.current_thread() is not threading.main_thread():
        yield None
        return
    watch = Watch(ends)
    _watches.append(watch)
    try:
        with watch.watching():
            yield watch
    finally:
        _watches.remove(watch)


_watches: list[Watch] = []


def asked_to_end() -> int | None:
    """The status with which a signal has asked this process to end; None where none has."""
    return next((watch.ends.status for watch in reversed(_watches) if watch.ends is not None), None)


def _after_fork() -> None:
    """Signals to a copy of this process are not this process's."""
    if _watches:
        signal.set_wakeup_fd(-1)
        for number in LETHAL:
            if signal.getsignal(number) == _watches[-1]._note:
                signal.signal(number, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
