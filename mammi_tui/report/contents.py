"""What a report says, before it is written as HTML or Markdown. Its texts are as they came; the writers clean them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mammi_tui.handing_on.card import Card

Fact = tuple[str, str]
"""A term and what is said about it"""


COUNTS = ("accepted", "rejected", "unsure", "on another content", "undecided")


@dataclass(frozen=True, slots=True)
class Counted:
    """The verdicts of a reader in a layer: those given in this run, and how many on another content of it."""

    layer: str
    reader: str
    accepted: int
    rejected: int
    unsure: int
    on_another: int
    living: int
    """Living neurons of the layer"""

    @property
    def numbers(self) -> tuple[int, ...]:
        """What stands below the heads COUNTS. They add up to the living neurons."""
        judged = self.accepted, self.rejected, self.unsure, self.on_another
        return *judged, self.living - sum(judged)


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    facts: Sequence[Fact]
    """The model card: what was run"""
    limits: Sequence[str]
    """What a reader must know before the annotations are used"""
    chosen: str
    """Which neurons the report is about, and in which order"""
    left_out: Sequence[str]
    """What the report leaves out, and why"""
    counts: Sequence[Counted]
    agreement: Sequence[Fact]
    """How far the readers agree, in each layer and overall; empty for fewer than two readers"""
    shortcuts: Sequence[str]
    """Outputs that read an attribute of the films; empty where none is recorded"""
    cards: Iterable[Card]
