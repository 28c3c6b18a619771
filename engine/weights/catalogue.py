"""Looks up published weights by name or by path. Each entry goes into a folder of its name."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ConfigError
from engine.likeness import closest
from engine.weights import published
from engine.weights.entry import Entry

ANYONES_NAMES = {"nouns.txt"}
"""Names of published files that a user's own file may well have, so that the name alone says nothing"""


def find(name: str) -> Entry:
    """The entry of that name. Raises ConfigError, which names the nearest one, when there is none."""
    for entry in published.CATALOGUE:
        if entry.name == name:
            return entry
    close = closest(name, [entry.name for entry in published.CATALOGUE], n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "`mammi weights` lists all entries."
    raise ConfigError(f"{name!r} is not in the catalogue of weights. {hint}")


def publisher_of(path: Path) -> Entry | None:
    """The entry that publishes a file or folder, found by the folder's name or by a file name that only it has."""
    for entry in published.CATALOGUE:
        if entry.name in path.parts[-2:]:
            return entry
    holders = [
        entry
        for entry in published.CATALOGUE
        if path.name in {*entry.names, *(file.name for file in entry.files)} - ANYONES_NAMES
    ]
    return holders[0] if len(holders) == 1 else None
