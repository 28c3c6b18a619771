"""Concept sets by name: what a name may be, and which set of a run it means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from engine.errors import ConfigError

LONGEST = 32
"""Characters of a name: it has its place in the explorer's pane, in file columns and in `--set concepts.NAME.key`."""
_NAME = re.compile(r"\w([\w -]*\w)?")


class NamedSet(Protocol):
    @property
    def name(self) -> str: ...


S = TypeVar("S", bound=NamedSet)


def is_set_name(name: object) -> bool:
    """Whether this is a name for a concept set: letters, digits, spaces, - and _, at most LONGEST of them."""
    return isinstance(name, str) and len(name) <= LONGEST and _NAME.fullmatch(name) is not None


def find_concept_set(name: str, sets: Sequence[S]) -> S:
    """The concept set of that name. Raises ConfigError that names the closest ones."""
    names = [known.name for known in sets]
    if name in names:
        return sets[names.index(name)]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.3) or names[:8]
    raise ConfigError(f"no concept set {name!r} in this run; nearest: {', '.join(close)}")
