"""The output streams of this process, made so that each failure of one is told from every other error."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import Any, TextIO


class OutputFailed(OSError):
    """Standard output cannot be written. `errno` says why."""


def prepare_outputs() -> None:
    """Prepares sys.stdout and sys.stderr.

    - What the shell has closed leads nowhere. Else the next file that is opened would get its number, and what a
      library prints would be written into that file.
    - An error of standard output is an OutputFailed.
    - What standard error does not take is dropped: a run goes on when nobody reads its progress any more.
    """
    for number in range(3):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, this one
    sys.stdout, sys.stderr = _prepared(sys.stdout, 1, _Output), _prepared(sys.stderr, 2, _Errors)


def leave_outputs() -> None:
    """Lets the interpreter end without a look at what the streams still hold."""
    sys.stdout = sys.stderr = None


def _prepared(stream: TextIO | None, number: int, kind: type[io.FileIO]) -> TextIO:
    """A text stream like the interpreter's own, with another way to write; a stream of another kind as it is."""
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(kind(number, "w", closefd=False)), "utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = getattr(stream.buffer, "raw", stream.buffer)  # with PYTHONUNBUFFERED there is no buffer between
    if not isinstance(raw, io.FileIO):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(kind(stream.fileno(), "w", closefd=False)),
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering or raw is stream.buffer,
    )


class _Output(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            while (written := super().write(data)) is None:  # another program has made it non-blocking, and it is full
                select.select([], [self.fileno()], [])
        except OSError as error:
            raise OutputFailed(error.errno, error.strerror) from error
        return written


class _Errors(_Output):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OutputFailed:
            return len(memoryview(data).cast("B"))
