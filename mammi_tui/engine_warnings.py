"""Passes the warnings that the engine logs on to the user."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def warnings_to(note: Callable[[str], None]) -> Iterator[None]:
    """Sends each warning that the engine logs in the block to `note` alone. Any thread may log."""
    logger = logging.getLogger("engine")
    outer = logger.handlers
    logger.handlers = [_Notes(note)]
    try:
        yield
    finally:
        logger.handlers = outer


class _Notes(logging.Handler):
    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(f"warning: {record.getMessage()}")
