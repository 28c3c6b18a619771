"""Concept sets by name: what a name may be, and which set of a run it means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from engine.nearest import Named, find_named

LONGEST = 32
"""Characters of a name: it has its place in the explorer's pane, in file columns and in `--set concepts.NAME.key`."""
_NAME = re.compile(r"\w([\w -]*\w)?")


S = TypeVar("S", bound=Named)


def is_set_name(name: object) -> bool:
    """Whether this is a name for a concept set: letters, digits, spaces, - and _, at most LONGEST of them."""
    return isinstance(name, str) and len(name) <= LONGEST and _NAME.fullmatch(name) is not None


def find_concept_set(name: str, sets: Sequence[S]) -> S:
    """The concept set of that name. Raises ConfigError that names the closest ones."""
    return find_named(name, sets, "concept set")
