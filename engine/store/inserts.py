"""Inserts arrays while the next ones are computed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from engine.store.database import Connection


class Inserts:
    """Runs inserts one after the other on a thread of their own. One waits at most, so that memory stays bounded.

    An insert's error is raised where the next one is handed over, or at the end. The connection belongs to the inserts
    until then.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "inserts")
        self._going: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=error is not None)
        if error is None:
            self._wait(0)

    def add(self, insert: Callable[[Connection], None]) -> None:
        """Runs an insert after those before it."""
        self._wait(1)
        self._going.append(self._thread.submit(insert, self._connection))

    def _wait(self, most: int) -> None:
        """Until at most so many are left."""
        while len(self._going) > most:
            self._going.pop(0).result()
