"""Notices that a terminal, or the reader of a pipe, has gone away, also where no SIGHUP or SIGPIPE says so."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

EXIT_STATUS = 128 + 1
"""What a shell reports for a program that SIGHUP ended"""


def gone(stream: TextIO) -> bool:
    """Whether nobody can read or write on the other end of a stream any more."""
    try:
        return bool(_hung_up([stream.fileno()], 0))
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


@contextmanager
def ending_with_terminal() -> Iterator[None]:
    """Within the block, ends this process at once when the terminal that it reads keys from, or draws on, goes away, as
    SIGHUP does.

    The process ends without cleaning up: a program whose drawing is stuck in a lost terminal cannot. What the explorer
    writes, it writes whole.
    """
    if not hasattr(select, "poll"):
        yield
        return
    done, wake = os.pipe()
    watcher = threading.Thread(target=_watch, args=(done,), name="terminal", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        os.close(wake)  # hangs up `done`
        watcher.join()
        os.close(done)


def _watch(done: int) -> None:
    hung_up = _hung_up([0, 2, done], None)
    if hung_up and done not in hung_up:
        os._exit(EXIT_STATUS)


def _hung_up(descriptors: list[int], milliseconds: int | None) -> list[int]:
    """Those of these files that hang up within that time; None waits for one, without using the processor."""
    if not hasattr(select, "poll"):
        return []
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, 0)
    return [descriptor for descriptor, events in poll.poll(milliseconds) if events & (select.POLLHUP | select.POLLERR)]
