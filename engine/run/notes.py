"""Keeps the warnings that are logged while a run is made, each with the source that it is about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine.store.contents import Note

_source = ContextVar("source", default="")
"""The source that this thread loads"""


class Notes(logging.Handler):
    """Holds the warnings of a run. Any thread may log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._notes: dict[Note, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self._notes[Note(_source.get(), record.getMessage())] = None

    def add(self, notes: tuple[Note, ...]) -> None:
        """Takes over the notes of a finished run."""
        self._notes |= dict.fromkeys(notes)

    def all(self) -> tuple[Note, ...]:
        """Each once, in the order in which they came."""
        return tuple(self._notes)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps what the engine logs in the block."""
        logger = logging.getLogger("engine")
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)


@contextmanager
def about(source: str) -> Iterator[None]:
    """What this thread logs in the block is about this source."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
