"""Finds what in a file of keys cannot be: unknown bindings, and keys that would do two things at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.likeness import closest
from mammi_tui.keyboard.file import Entry, Problem
from mammi_tui.keyboard.keymap import Keymap
from mammi_tui.keyboard.names import is_typed, written
from mammi_tui.text import clean


@dataclass(frozen=True, slots=True)
class Named:
    """A binding: its id, its usual keys and what it does. An id of "" stands for a binding that nobody can change."""

    name: str
    keys: tuple[str, ...]
    does: str
    first: bool = False
    """Whether it comes before the widget with the focus, even where that takes the key as text"""


@dataclass(frozen=True, slots=True)
class Chain:
    """The bindings that are in force together: those of the widget with the focus, of its screen, and of the app."""

    nodes: tuple[tuple[Named, ...], ...]
    """The first of them is the widget with the focus"""
    typed: str | None = ""
    """Characters that the widget takes as text; None: all"""

    def types(self, key: str) -> bool:
        """Whether the widget takes a key as text."""
        return is_typed(key) if self.typed is None else key in self.typed


class _Clash(NamedTuple):
    entry: Entry
    key: str
    reason: str


def settle(entries: Iterable[Entry], chains: Sequence[Chain]) -> tuple[Keymap, list[Problem]]:
    """The keymap of those entries that can be, and a problem for each that cannot.

    A key that would do two things is left out of the later line of the two. A binding that is left without the keys it
    was given keeps its usual ones.
    """
    known = {binding.name: binding for chain in chains for node in chain.nodes for binding in node if binding.name}
    given: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        if entry.name not in known:
            problems.append(Problem(entry.line, _unknown(entry.name, known)))
        elif entry.name in given:
            problems.append(Problem(entry.line, f"{entry.name} is given keys twice. The first line holds."))
        else:
            given[entry.name] = entry
    while clashes := [clash for chain in chains for clash in _clashes(chain, given)]:
        entry, key, reason = max(clashes, key=lambda clash: clash.entry.line)
        kept = tuple(other for other in entry.keys if other != key)
        if kept:
            given[entry.name] = Entry(entry.name, kept, entry.line)
        else:
            del given[entry.name]
        stays = " ".join(map(written, kept or known[entry.name].keys))
        problems.append(Problem(entry.line, f"{entry.name}: {written(key)} {reason}. Its keys are: {stays}."))
    keymap = Keymap({name: entry.keys for name, entry in given.items() if entry.keys != known[name].keys})
    return keymap, problems


def _unknown(name: str, known: Mapping[str, object]) -> str:
    near = closest(name, known, n=1, cutoff=0.5) or [other for other in known if name and name in other.split(".")]
    hint = f"Did you mean {near[0]}?" if near else "`mammi keys` lists all."
    return f"no binding is called {clean(name, 60)!r}. {hint}"


def _clashes(chain: Chain, given: Mapping[str, Entry]) -> Iterator[_Clash]:
    """The keys of the file that would do two things in this chain, or nothing."""
    holders: dict[str, list[tuple[int, Named]]] = {}
    for place, node in enumerate(chain.nodes):
        for binding in node:
            entry = given.get(binding.name)
            for key in entry.keys if entry else binding.keys:
                if place and chain.types(key) and not binding.first:
                    continue  # it is typed here, and has its task elsewhere
                holders.setdefault(key, []).append((place, binding))
    for key, found in holders.items():
        for place, binding in found:
            entry = given.get(binding.name)
            if entry is None or key in binding.keys:
                continue
            if chain.types(key):
                yield _Clash(entry, key, "types a character, and this binding works where one types")
            for other_place, other in found:
                if other is not binding and _clash(place, binding, other_place, other):
                    later = given.get(other.name)
                    if later is None or key in other.keys or later.line <= entry.line:
                        yield _Clash(entry, key, _taken(other))


def _clash(place: int, binding: Named, other_place: int, other: Named) -> bool:
    """Whether two bindings may not share a key: those that share a usual one may, as the nearer of them comes first."""
    if binding.name == other.name or set(binding.keys) & set(other.keys):
        return False
    return bool(other.name) or place == other_place


def _taken(other: Named) -> str:
    does = f" ({other.does})" if other.does else ""
    return f"is the key of {other.name}{does}" if other.name else f"has a fixed task there{does}"
