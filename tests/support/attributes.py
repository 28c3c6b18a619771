"""Attributes of the images of a synthetic run file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.support.resealed import changed


def tell(path: Path, rows: Iterable[tuple[int, str, str]]) -> Path:
    """Writes attributes into a run file: image, name, value."""
    with changed(path) as connection:
        connection.executemany("INSERT INTO image_attributes VALUES (?, ?, ?)", list(rows))
    return path
