"""Calls `mammi` as a shell would, in a forked process: to load the program for each try would take most of the time.

What the interpreter does at its end (flushing the outputs, complaining about them) is done here in its place.
"""

from __future__ import annotations

import atexit
import importlib
import io
import os
import pkgutil
import re
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

import mammi_tui
from mammi_tui import cli

MOST_LINES = 2
"""Lines in which a failure is told"""
_UNWANTED = ("unexpected", "Traceback", "Exception ignored", "INTERNAL", "dumped", "swallowed")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e]")


@dataclass
class Ended:
    """What a shell would see."""

    status: int
    """128 + the signal for one that a signal ended"""
    out: bytes
    err: str
    why: str = ""
    """Why it was killed"""

    @property
    def told(self) -> list[str]:
        """The lines of the error that it ended with."""
        return [line for line in self.err.splitlines() if line.startswith("mammi: ")]

    def fall(self, *statuses: int) -> str:
        """What is wrong with such an end, whatever the command; "" where nothing is."""
        if self.why:
            return self.why
        if self.status > 128:
            return f"ended by signal {self.status - 128}"
        if unwanted := next((word for word in _UNWANTED if word in self.err), ""):
            line = next(line for line in self.err.splitlines() if unwanted in line)
            return f"status {self.status}, {line[:300]!r}"
        if _CONTROLS.search(self.err.replace("\x1b[", "")) or len(self.told) > 1:
            return f"told in {self.err[-300:]!r}"
        after = self.err[self.err.index(self.told[0]) :].splitlines() if self.told else []
        if len(after) > MOST_LINES:
            return f"told in {len(after)} lines: {self.err[-400:]!r}"
        if statuses and self.status not in statuses:
            return f"status {self.status} instead of {' or '.join(map(str, statuses))}: {self.err[-300:]!r}"
        return ""


@dataclass
class Outputs:
    """What the command is given as stdin, stdout and stderr: a descriptor, None for closed. "pipe": it is read here."""

    stdin: int | str | None = "null"
    stdout: int | str | None = "pipe"
    stderr: int | str | None = "pipe"
    encoding: str = "utf-8"
    errors: str = "strict"
    prepared: list[Callable[[], object]] = field(default_factory=list)
    """Called in the new process before the command"""


def load() -> None:
    """Loads the program once, for all tries, but for what only a run needs: a large process is slow to fork."""
    for module in pkgutil.walk_packages(mammi_tui.__path__, "mammi_tui."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    for name in ("reader", "work", "tables"):
        importlib.import_module(f"engine.store.{name}")


def mammi(arguments: Sequence[object], outputs: Outputs | None = None, seconds: float = 60) -> Ended:
    """Calls `mammi` with arguments, and returns how it ended."""
    outputs = outputs or Outputs()
    reading: dict[int, str] = {}
    ends: dict[str, int | None] = {}
    for name in ("stdout", "stderr"):
        end = getattr(outputs, name)
        if end == "pipe":
            read, end = os.pipe()
            reading[read] = name
        ends[name] = end
    null = os.open(os.devnull, os.O_RDONLY)
    ends["stdin"] = null if outputs.stdin == "null" else outputs.stdin  # type: ignore[assignment]
    process = os.fork()
    if process == 0:
        _child(arguments, outputs, [ends[name] for name in ("stdin", "stdout", "stderr")])
    os.close(null)
    for name in reading.values():
        os.close(ends[name])  # type: ignore[arg-type]
    said, why = _read(process, reading, seconds)
    _, status = os.waitpid(process, 0)
    code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return Ended(code, said.get("stdout", b""), said.get("stderr", b"").decode(outputs.encoding, "replace"), why)


def _read(process: int, reading: dict[int, str], seconds: float) -> tuple[dict[str, bytes], str]:
    """What the process writes to its pipes, and why it was killed."""
    said: dict[str, bytes] = {}
    end, why = time.monotonic() + seconds, ""
    watched = os.pidfd_open(process)
    with selectors.DefaultSelector() as selector:
        for pipe in (*reading, watched):
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(max(0.0, end - time.monotonic())):
                piece = os.read(key.fd, 65536) if key.fd != watched else b""
                if piece:
                    said[reading[key.fd]] = said.get(reading[key.fd], b"") + piece
                else:
                    selector.unregister(key.fd)
            if time.monotonic() > end and not why:
                why = f"had not ended after {seconds:g} s"
                os.kill(process, signal.SIGKILL)
                end += 5
            elif time.monotonic() > end:
                break
    for pipe in (*reading, watched):
        os.close(pipe)
    return said, why


def _child(arguments: Sequence[object], outputs: Outputs, ends: Sequence[int | Any | None]) -> None:
    """Becomes the command in this forked process, and ends it as the interpreter would."""
    status = 70
    try:
        kept = [end if end is None else os.dup(end) for end in ends]
        for number, end in enumerate(kept):
            if end is None:
                os.close(number)
            else:
                os.dup2(end, number)
        os.closerange(3, 400)
        streams = [
            None if end is None else _stream(number, outputs.encoding, outputs.errors)
            for number, end in enumerate(kept)
        ]
        sys.stdin, sys.stdout, sys.stderr = streams  # type: ignore[assignment]
        for prepare in outputs.prepared:
            prepare()
        sys.argv = ["mammi", *map(str, arguments)]
        atexit._clear()
        status = _main()
        atexit._run_exitfuncs()
        status = _flushed(status)
    except BaseException:  # noqa: BLE001 (the parent's code must not go on here)
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def _stream(number: int, encoding: str, errors: str) -> TextIO:
    if number == 0:
        return open(0, encoding=encoding, closefd=False)
    file = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file), encoding, "backslashreplace" if number == 2 else errors, line_buffering=number == 2
    )


def _main() -> int:
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException as error:  # noqa: BLE001
        with suppress(Exception):
            sys.excepthook(type(error), error, error.__traceback__)
    return 1


def _flushed(status: int) -> int:
    """What the interpreter does last: an output that cannot be flushed then makes it complain, and end with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError) as error:
            status = 120
            if stream is sys.stdout:
                os.write(2, f"Exception ignored in: {stream}: {error}\n".encode())
    return status
