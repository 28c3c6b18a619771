"""Notices that a terminal, or the reader of a pipe, has gone away, also where no SIGHUP or SIGPIPE says so."""

from __future__ import annotations

import os
import select
import threading
from typing import TextIO

EXIT_STATUS = 128 + 1
"""What a shell reports for a program that SIGHUP ended"""


def gone(stream: TextIO) -> bool:
    """Whether nobody can read or write on the other end of a stream any more."""
    return _hung_up([stream.fileno()], 0)


def end_with_terminal() -> None:
    """Ends this process at once when the terminal that it reads keys from, or draws on, goes away, as SIGHUP does.

    The process ends without cleaning up: a program whose drawing is stuck in a lost terminal cannot. What the explorer
    writes, it writes whole.
    """
    if hasattr(select, "poll"):
        threading.Thread(target=_watch, name="terminal", daemon=True).start()


def _watch() -> None:
    if _hung_up([0, 2], None):
        os._exit(EXIT_STATUS)


def _hung_up(descriptors: list[int], milliseconds: int | None) -> bool:
    """Whether one of these files hangs up within that time; None waits for it, without using the processor."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(milliseconds))
