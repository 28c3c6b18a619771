"""What the help says beside the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Note(NamedTuple):
    """One part of the help."""

    title: str
    lines: Sequence[tuple[str, str]]
    """A term and its explanation each"""
