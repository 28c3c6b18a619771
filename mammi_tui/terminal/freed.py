"""Memory that is freed is used again, whichever thread has freed it, or goes back to the system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Any

_M_ARENA_MAX = -8
"""glibc's number for the most heaps that a process has"""
_ALL = 2
"""The generation with which Python's collector looks at every object"""


def share() -> None:
    """Lets all threads have one heap, which must be told before the first of them starts, and empties it at times.

    glibc gives each thread a heap of its own, which keeps what that thread has freed. Questions are answered on any of
    several threads, so that an explorer of hours would have each heap as large as the largest question has made it.
    Does nothing with another C library.
    """
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        trim = library.malloc_trim

        def give_back(phase: str, what: dict[str, Any]) -> None:
            if phase == "stop" and what["generation"] == _ALL:
                trim(0)

        gc.callbacks.append(give_back)
