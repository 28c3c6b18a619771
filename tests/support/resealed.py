"""Run files that a test changes on purpose: their sums are made again, so that only the change itself is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.store.database import Connection, connect, transaction
from engine.store.sealing import sum_again


@contextmanager
def changed(path: Path) -> Iterator[Connection]:
    """A connection that changes a run file; afterwards the file is as if it had been written so."""
    connection = connect(path, read_only=False, memory="256MB", threads=1)
    try:
        with transaction(connection):
            yield connection
        with transaction(connection):
            sum_again(connection)
    finally:
        connection.close()
