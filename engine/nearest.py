"""Finding what a user names, and telling the closest names where there is no such thing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Protocol, TypeVar

from engine.errors import ConfigError


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


def find_named(name: str, things: Sequence[T], what: str) -> T:
    """The thing of that name; `what` it is, for errors. Raises ConfigError that names the closest ones of the run."""
    names = [known.name for known in things]
    if name in names:
        return things[names.index(name)]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.3) or names[:8]
    raise ConfigError(f"no {what} {name!r} in this run; nearest: {', '.join(close)}")
