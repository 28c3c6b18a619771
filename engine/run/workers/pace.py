"""How many workers are at work, from when each was last heard of."""

from __future__ import annotations

import time
from collections.abc import Callable

_SILENT = 30.0
"""Seconds for which a worker counts at least after its last result"""
_GAPS = 3
"""How often the longest wait for a result so far a worker may be silent"""


class Heard:
    """The workers that were heard of lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        self._longest = 0.0

    def hear(self, worker: str) -> int:
        """Takes a result of this worker, and returns the number of workers at work."""
        now = self._clock()
        if worker in self._last:
            self._longest = max(self._longest, now - self._last[worker])
        self._last[worker] = now
        patience = max(_SILENT, _GAPS * self._longest)
        self._last = {name: heard for name, heard in self._last.items() if now - heard <= patience}
        return len(self._last)
