"""The process that engine.probing.apart starts: it decodes films from its input, one after another, to its output."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path

from engine.errors import MammiError, UnreadableImage
from engine.limits import hold
from engine.probing.apart import ANSWER, FAILED, FILM, REFUSED, REQUEST, UNREADABLE
from engine.probing.decoding import decode_here


def main() -> None:
    """Answers until the input ends."""
    given, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what decoders print is no answer
    own = _address_space()
    while head := given.read(REQUEST.size):
        seconds, memory, length = REQUEST.unpack(head)
        hold(film_seconds=seconds)
        data = given.read(length)
        _limit_memory(own + memory)
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF ends the process, whatever it does
        answer = _answer(data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for part in answer:
            told.write(part)
        told.flush()


def _answer(data: bytes) -> tuple[bytes, bytes | memoryview]:
    try:
        film = decode_here(data)
        return ANSWER.pack(FILM, *film.shape, film.nbytes), film.data.cast("B")
    except UnreadableImage as error:
        kind, text = UNREADABLE, str(error)
    except MammiError as error:
        kind, text = REFUSED, str(error)
    except Exception:  # noqa: BLE001 (a bug of ours is told whole to the process that asked, which raises it)
        kind, text = FAILED, traceback.format_exc()
    encoded = text.encode(errors="backslashreplace")
    return ANSWER.pack(kind, 0, 0, len(encoded)), encoded


def _address_space() -> int:
    """The bytes of address space that this process takes before it has decoded anything; 0 where none says so."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _limit_memory(most: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
