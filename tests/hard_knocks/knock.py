"""What a knock is, and which there are."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.hard_knocks import knocks

Outcomes = Iterator[str | None]
"""For each try None where the project stood, or one line that says what went wrong, and how to see it again"""


class Skipped(Exception):
    """A knock cannot be tried on this machine. The text says what it lacks."""


@dataclass(frozen=True)
class Setting:
    """What a knock is given."""

    folder: Path
    """An empty folder of its own"""
    full: bool
    seed: int
    chance: random.Random = field(init=False)
    """The only source of chance, so that a seed gives the same tries"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "chance", random.Random(self.seed))

    def count(self, quick: int, full: int) -> int:
        """How many tries."""
        return full if self.full else quick


@dataclass(frozen=True)
class Knock:
    """One file of tests/hard_knocks/knocks: its docstring says what is tried, `knock` tries it."""

    name: str
    about: str
    run: Callable[[Setting], Outcomes]
    only_full: bool
    """Its constant ONLY_FULL: it takes too long for --quick"""


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(knocks.__path__))


def find(name: str) -> Knock:
    """Raises ModuleNotFoundError for a name that is not one of `names`."""
    module = importlib.import_module(f"{knocks.__name__}.{name}")
    about = (module.__doc__ or "").splitlines()[0].rstrip(".")
    return Knock(name, about, module.knock, getattr(module, "ONLY_FULL", False))
