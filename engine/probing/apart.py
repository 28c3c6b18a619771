"""Decodes films in processes of their own, as decoders may take any time or memory for a damaged film, or crash.

Such a process (engine.probing.decoder) takes one film after another; as many work at once as threads ask. Its time is
processor time, so that a film is set aside on a slow, busy or stopped machine no sooner than on another. One that waits
for something without end takes no such time: it is watched from here, and what it had is tried once more.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from engine.errors import MammiError, UnreadableImage
from engine.limits import limits, named

REQUEST = struct.Struct("<dQQ")
"""Seconds, bytes of memory, and the length of the file that follows"""
ANSWER = struct.Struct("<cIIQ")
"""The kind, the film's height and width, and the length of what follows: pixels, or a text"""
FILM, UNREADABLE, REFUSED, FAILED = b"F", b"U", b"R", b"B"
"""Kinds of answers: a film; the texts of an UnreadableImage, of another MammiError, and of an error of the project's"""

_START = "import sys; sys.path[:] = sys.argv[1:]; from engine.probing.decoder import main; main()"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Threads of NumPy would take address space, which counts as memory"""
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""How a process ends of itself. Other signals come from outside, and say nothing of the film."""
_STILL = 2
"""How many times limits.film_seconds a process may sleep without having worked"""
_LOOKS, _LONGEST_LOOK = 8, 1.0
"""How often it is looked at within that time, and after how many seconds at the latest"""


class _StoodStill(UnreadableImage):
    """A process sleeps, and nothing will wake it."""


def decode_apart(data: bytes) -> NDArray[np.uint8]:
    """As engine.probing.decoding.decode, of which it raises the errors too.

    Raises UnreadableImage where the decoder needs more than limits.film_seconds or limits.film_mb, crashes, or stands
    still, and MammiError where someone else ends its process.
    """
    try:
        return _decoded(data)
    except _StoodStill:  # by chance perhaps, as when two threads of a library wait for each other
        return _decoded(data)


def _decoded(data: bytes) -> NDArray[np.uint8]:
    process = _waiting() or _Decoder()
    try:
        kind, shape, content = process.answer(data)
    except BaseException:
        process.end()
        raise
    _idle.append(process)
    if kind == FILM:
        return np.frombuffer(content, np.uint8).reshape(shape)
    text = content.decode()
    if kind == FAILED:
        raise RuntimeError(f"decoding a film failed:\n{text}")
    raise UnreadableImage(text) if kind == UNREADABLE else MammiError(text)


class _Decoder:
    """A process that decodes films until its input ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (this program, and a module of ours)
            [sys.executable, "-P", "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
            process_group=0,  # Ctrl-C is for this process to deal with
        )

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def answer(self, data: bytes) -> tuple[bytes, tuple[int, int], bytearray]:
        """The kind, the film's shape, and what follows. Raises UnreadableImage and MammiError where there is none."""
        given, told = self._process.stdin, self._process.stdout
        assert given is not None and told is not None  # noqa: S101, PT018
        with suppress(BrokenPipeError):  # it has ended, and the answer will say so
            given.write(REQUEST.pack(limits().film_seconds, limits().film_mb << 20, len(data)))
            given.write(data)
            given.flush()
        self._watch(told)
        head = told.read(ANSWER.size)
        if len(head) == ANSWER.size:
            kind, height, width, length = ANSWER.unpack(head)
            content = bytearray(length)
            if told.readinto(content) == length:  # type: ignore[attr-defined]
                return kind, (height, width), content
        raise self._fault()

    def _watch(self, told: IO[bytes]) -> None:
        """Returns once it answers or has ended. Raises _StoodStill where neither will come."""
        most = _STILL * limits().film_seconds
        look = min(most / _LOOKS, _LONGEST_LOOK)
        slept, before = 0.0, None
        while not select.select([told], [], [], look)[0]:
            now = _sleeping(self._process.pid)
            slept = slept + look if now is not None and now == before else 0.0
            before = now
            if slept >= most:
                raise _StoodStill(f"its decoder stood still for {_STILL} times {named('film_seconds')}")

    def _fault(self) -> MammiError:
        """Why it has ended."""
        status = -self._process.wait()
        if status == signal.SIGPROF:
            return UnreadableImage(f"not decoded within {named('film_seconds')}")
        if status in _CRASHES:
            return UnreadableImage(f"damaged: its decoder ends with {signal.Signals(status).name}")
        how = f"by {signal.Signals(status).name}" if status > 0 else f"with status {-status}"
        return MammiError(f"A process that decodes films was ended {how}. Run the same command again.")

    def end(self) -> None:
        self._process.kill()
        with suppress(BrokenPipeError):
            self._process.communicate()


def _sleeping(process: int) -> tuple[str, str] | None:
    """The processor time of a process that sleeps of itself; None for one that does not, that has started another one,
    which has limits of its own, and where nothing says so."""
    try:
        state, *numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        started = Path(f"/proc/{process}/task/{process}/children").read_text().strip()
    except OSError:
        return None
    return (numbers[10], numbers[11]) if state == "S" and not started else None


_idle: list[_Decoder] = []
"""Processes that wait for a film"""


def _waiting() -> _Decoder | None:
    """One of them that still lives."""
    with suppress(IndexError):
        while not (process := _idle.pop()).lives:
            pass
        return process
    return None


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_idle.clear)  # they are the parent's
