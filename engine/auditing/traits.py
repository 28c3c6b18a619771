"""What each film may have beside findings, as yes or no: a device, a sex, a view, an age above the middle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.store.attributes import Attribute

Flags = NDArray[np.bool_]

FEWEST = 20
"""Films with a trait, and films without it, that a trait needs"""
_CATEGORIES = 4
"""Distinct numbers up to which an attribute of numbers is taken by its values"""
_MOST_VALUES = 64
"""Values of one attribute that are looked at, the most frequent ones"""
_TOLD = 3
"""Values of one attribute that are left out one by one; more are told together"""


@dataclass(frozen=True, slots=True, eq=False)
class Trait:
    """A value of an attribute, over p images."""

    attribute: str
    value: str
    """As it is recorded, or "≥ 58" for a number that is split"""
    members: Flags
    """Which images have it, [p]"""
    known: Flags
    """Of which images it is known whether they do, [p]"""
    opposite: str = ""
    """What those without it have, if that is one other value"""

    @property
    def name(self) -> str:
        return f"{self.attribute} {self.value}"

    @property
    def films(self) -> tuple[int, int]:
        """How many have it, and how many are known not to."""
        return int(self.members.sum()), int((self.known & ~self.members).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """The traits of a run that are looked at."""

    found: tuple[Trait, ...]
    left_out: tuple[tuple[str, str], ...]
    """What is recorded but not looked at: a trait or attribute by name, and why"""

    @classmethod
    def of(cls, attributes: Sequence[Attribute]) -> Self:
        """Of a run's attributes (engine.store.reader.RunReader.attributes)."""
        found: list[Trait] = []
        left_out: list[tuple[str, str]] = []
        for attribute in attributes:
            traits = list(_traits_of(attribute))
            found += [trait for trait in traits if min(trait.films) >= FEWEST]
            left_out += _too_few([trait for trait in traits if min(trait.films) < FEWEST])
            if len(attribute.values) > _MOST_VALUES and attribute.numbers is None:
                why = f"only its {_MOST_VALUES} most frequent values of {len(attribute.values):,} are looked at"
                left_out.append((attribute.name, why))
        return cls(tuple(found), tuple(left_out))


def _too_few(traits: Sequence[Trait]) -> Iterator[tuple[str, str]]:
    """Traits of one attribute, with why each is left out; of many as one."""
    if len(traits) > _TOLD:
        values = ", ".join(trait.value for trait in traits[:_TOLD])
        some = f"{len(traits)} of its values ({values} …)"
        why = f"{some} have too few films with them or without them; {FEWEST} of each are needed"
        yield traits[0].attribute, why
        return
    for trait in traits:
        having, lacking = trait.films
        yield trait.name, f"{having:,} with it and {lacking:,} without; {FEWEST} films of each are needed"


def _traits_of(attribute: Attribute) -> Iterator[Trait]:
    """An attribute's traits. Of two values that exclude each other there is one trait, that of fewer films."""
    known, numbers = attribute.known, attribute.numbers
    if numbers is not None and len(attribute.values) > _CATEGORIES:
        middle = _middle(numbers[known])
        having = known & (np.where(known, numbers, -np.inf) >= middle)
        yield Trait(attribute.name, f"≥ {middle:g}", having, known, f"< {middle:g}")
        return
    counts = attribute.members.sum(axis=1)
    order = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    if len(counts) == 2 and np.array_equal(attribute.members.sum(axis=0), known.astype(np.int64)):
        often, seldom = order.tolist()
        yield Trait(attribute.name, attribute.values[seldom], attribute.members[seldom], known, attribute.values[often])
        return
    for place in sorted(order.tolist()):
        yield Trait(attribute.name, attribute.values[place], attribute.members[place], known)


def _middle(numbers: NDArray[np.float64]) -> float:
    """The number from which on there are as nearly half of the numbers as can be."""
    values, counts = np.unique(numbers, return_counts=True)
    reaching = np.cumsum(counts[::-1])[::-1]
    return float(values[int(np.argmin(np.abs(reaching - len(numbers) / 2)))])
