"""What a report says, before it is written as HTML or Markdown. Its texts are as they came; the writers clean them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mammi_tui.handing_on.card import Card

Fact = tuple[str, str]
"""A term and what is said about it"""


@dataclass(frozen=True, slots=True)
class Counted:
    """The verdicts of a reader in a layer."""

    layer: str
    reader: str
    accepted: int
    rejected: int
    unsure: int
    living: int
    """Living neurons of the layer"""

    @property
    def undecided(self) -> int:
        return self.living - self.accepted - self.rejected - self.unsure


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
    cards: Iterable[Card]
