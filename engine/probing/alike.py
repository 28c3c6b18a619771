"""Names that mean the same file although a table and a disk write them differently."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


_LONGEST = 4096
"""No path has more characters. The time that a longer name takes grows with the square of its marks."""


def folded(name: str) -> str:
    """What stays of a name without its letter case, its Unicode form (composed or not, full width or not) and the space
    around it."""
    if len(name) > _LONGEST:
        return name
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


class Named(Generic[Thing]):
    """Things by name. Several may have the same one."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Thing]] = {}
        self._folded: dict[str, list[Thing]] = {}

    def add(self, name: str, thing: Thing) -> None:
        self._exact.setdefault(name, []).append(thing)
        self._folded.setdefault(folded(name), []).append(thing)

    def find(self, name: str) -> Sequence[Thing]:
        """The things of exactly that name; where there are none, those whose name differs in nothing but what `folded`
        removes."""
        return self._exact[name] if name in self._exact else self._folded.get(folded(name), ())

    def groups(self) -> list[list[Thing]]:
        """The things of each name, in the order in which the names came."""
        return list(self._exact.values())
