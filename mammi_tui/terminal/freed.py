"""Memory that is freed is used again, whichever thread has freed it."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8
"""glibc's number for the most heaps that a process has"""


def share() -> None:
    """Lets all threads have one heap, which must be told before the first of them starts.

    glibc gives each thread a heap of its own, which keeps what that thread has freed. Questions are answered on any of
    several threads, so that an explorer of hours would have each heap as large as the largest question has made it.
    Does nothing with another C library.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
