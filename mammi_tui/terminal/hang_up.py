"""Notices that a terminal, or the reader of a pipe, has gone away, also where no SIGHUP or SIGPIPE says so."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

HUNG_UP = 128 + 1
"""What a shell reports for a program that SIGHUP ended"""


def gone(stream: TextIO) -> bool:
    """Whether nobody can read or write on the other end of a stream any more."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    try:
        poll.register(stream.fileno(), 0)
        return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))
    except (OSError, ValueError):  # no file of the operating system, or a closed one
        return False


class WhileRead:
    """A text stream whose text is dropped once nobody can read it any more: what reports its progress there goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._failure_forgiven():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._failure_forgiven():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _failure_forgiven(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            if not gone(self._stream):
                raise
            # What the stream still holds goes there too; else the interpreter fails on it as it ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def in_foreground(terminal: int) -> bool:
    """Whether this process may use a terminal that it shares with other jobs of a shell."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # not a terminal, or not the one that controls this process: nobody else is given it
        return True
