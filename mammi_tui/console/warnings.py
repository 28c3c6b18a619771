"""Warnings that the engine logs, passed on to the user."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from mammi_tui.text import clean


@contextmanager
def warnings_to(note: Callable[[str], None]) -> Iterator[None]:
    """Calls `note` with each warning that the engine logs in the block."""
    logger = logging.getLogger("engine")
    handler = _Notes(note)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def on_stderr(text: str) -> None:
    """A note where no progress is shown."""
    click.echo(clean(text), err=True)


class _Notes(logging.Handler):
    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(f"warning: {record.getMessage()}")
