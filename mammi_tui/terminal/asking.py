"""Asks the terminal once, before the explorer uses it, what it can draw."""

from __future__ import annotations

import os
import select
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mammi_tui.terminal.hang_up import in_foreground
from mammi_tui.terminal.replies import QUESTIONS, QUESTIONS_IN_TMUX, Replies, Sorter

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    from mammi_tui.terminal.watch import Watch

PATIENCE = 0.2
"""Seconds from the questions to the last reply that is waited for"""
_LATE = 3.0
"""Seconds within which late replies are expected where the last one has not come"""


class Asking:
    """The questions to a terminal that is set so that replies are not echoed, until `end` sets it as it was.

    Replies are read when they are wanted: until then the program does other things.
    """

    def __init__(self, keys: int, screen: int, *, in_tmux: bool = False) -> None:
        """`keys` and `screen`: descriptors of the terminal from which keys are read, and to which is written."""
        self._questions = QUESTIONS_IN_TMUX if in_tmux else QUESTIONS
        self.patience = PATIENCE
        self.status: int | None = None
        """What a signal ends the process with (mammi_tui/terminal/watch.py)"""
        self.sorter = Sorter(_LATE)
        self.typed = ""
        """Keys that came meanwhile: they are the explorer's"""
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._keys, self._screen = keys, screen
        self._until = 0.0
        self._found: list[Any] | None = None

    def ask(self) -> None:
        """Sets the terminal and asks. Raises OSError or termios.error where it cannot be set or written to."""
        self._until = time.monotonic() + PATIENCE
        self._found = termios.tcgetattr(self._keys)
        termios.tcsetattr(self._keys, termios.TCSANOW, _silent(self._found))
        if select.select([], [self._screen], [], 0)[1]:  # else nobody reads what is written
            os.write(self._screen, self._questions.encode())  # noqa: TID251 (its own questions)

    def replies(self) -> Replies:
        """All replies, or those that came in time."""
        with suppress(OSError):  # the terminal is lost: the watch sees to that
            while not self.sorter.replies.complete and self._read(max(0.0, self._until - time.monotonic())):
                pass
        return self.sorter.replies

    def end(self) -> None:
        """Takes what has come since, without waiting, and sets the terminal as it was. Further calls do nothing."""
        found, self._found = self._found, None
        if found is None:
            return
        with suppress(OSError):
            while not self.sorter.replies.complete and self._read(0):
                pass
        with suppress(termios.error):
            termios.tcsetattr(self._keys, termios.TCSANOW, found)

    def _read(self, seconds: float) -> bool:
        """Reads what comes within that time. False where nothing has."""
        if not select.select([self._keys], [], [], seconds)[0] or not (data := os.read(self._keys, 4096)):
            return False
        self.typed += self.sorter.keys(self._decode(data))
        return True

    def hear(self, _status: int) -> None:
        """The watch ends the process."""

    def end_soon(self, status: int) -> bool:
        """Notes the status with which `end_now` is to end the process."""
        self.status = self.status or status
        return False

    def remind(self) -> None:
        """The watch ends the process."""

    def end_now(self) -> None:
        """Waits for what the terminal still has to say, so that the shell does not get it, and ends the process."""
        self.replies()
        self.end()
        os._exit(self.status or 1)


def _silent(attributes: list[Any]) -> list[Any]:
    """A terminal's attributes without echo and lines. Ctrl-C is a signal; Ctrl-Z waits for the explorer."""
    silent = [*attributes[:6], [*attributes[6]]]
    silent[3] &= ~(termios.ECHO | termios.ICANON)
    silent[6][termios.VMIN], silent[6][termios.VTIME] = 1, 0
    silent[6][termios.VSUSP] = os.fpathconf(0, "PC_VDISABLE").to_bytes(1, "little")
    return silent


@contextmanager
def asking(keys: int, screen: int, watch: Watch | None = None, *, in_tmux: bool = False) -> Iterator[Asking | None]:
    """Asks the terminal with these descriptors. None where there is nobody to ask.

    Within the block signals that the watch sees set the terminal as it was.
    """
    if sys.platform == "win32" or not (os.isatty(keys) and os.isatty(screen) and in_foreground(keys)):
        yield None
        return
    asked = Asking(keys, screen, in_tmux=in_tmux)
    if watch is not None:
        watch.ends = asked
    try:
        with suppress(OSError, termios.error):
            asked.ask()
        yield asked
    finally:
        asked.replies()
        asked.end()
        if watch is not None and watch.ends is asked:
            watch.ends = None


def cell_of(terminal: int) -> tuple[int, int] | None:
    """A cell's width and height in pixels as the system knows it now, or None where it does not."""
    if sys.platform == "win32":
        return None
    with suppress(OSError):
        import struct

        rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8)))
        if rows and columns and width >= columns and height >= rows:
            return width // columns, height // rows
    return None
