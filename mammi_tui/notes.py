"""Notes: the parts of the help that explain more than keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Note(NamedTuple):
    """One part of the help."""

    title: str
    lines: Sequence[tuple[str, str]]
    """Pairs of a term and its explanation"""
