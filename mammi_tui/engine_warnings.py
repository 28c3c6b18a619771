"""Passes the warnings of the engine, and of the libraries that it uses, on to the user."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def warnings_to(note: Callable[[str], None]) -> Iterator[None]:
    """Sends each warning that the engine logs in the block to `note` alone. Any thread may log."""
    logger = logging.getLogger("engine")
    outer = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [_Notes(note)], False  # a library may have made the root logger print
    try:
        yield
    finally:
        logger.handlers, logger.propagate = outer


@contextmanager
def library_warnings_to(note: Callable[[str], None]) -> Iterator[None]:
    """Sends each warning of a library in the block to `note`. Otherwise Python would print its text as it stands."""

    def shown(
        message: Warning | str,
        category: type[Warning],  # noqa: ARG001
        filename: str,  # noqa: ARG001
        lineno: int,  # noqa: ARG001
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        note(f"warning: {message}")

    root, handler, outer = logging.getLogger(), _Notes(note), warnings.showwarning
    root.addHandler(handler)  # so that logging.warning adds none of its own
    warnings.showwarning = shown
    try:
        yield
    finally:
        warnings.showwarning = outer
        root.removeHandler(handler)


class _Notes(logging.Handler):
    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(f"warning: {record.getMessage()}")
