"""What is handed on of a neuron, in a report and on a contact sheet. Its texts are as they came; who writes them cleans
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.evidence.details import Trust
from mammi_tui.findings import Finding


@dataclass(frozen=True, slots=True)
class Film:
    """A representative image."""

    rank: int
    """From 1, the highest activation first"""
    picture: bytes | None
    """WebP; None where the run's thumbnail is damaged"""
    width: int
    height: int
    """Pixels of the film"""
    activation: float
    labels: tuple[str, ...]
    name: str
    """Its path in the probing set; "" where identifiers are left out"""
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Word:
    """A concept of the annotation, and the readers who marked it."""

    concept: str
    score: float
    z: float
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict, and what was judged by it."""

    verdict: str
    """accepted, rejected or unsure"""
    mark: str
    hollow: bool
    """Whether the annotation that was judged is another than the report's"""
    words: tuple[str, ...]
    """The annotation that was judged"""
    cuts: Cuts
    reader: str
    role: str
    time: str


@dataclass(frozen=True, slots=True)
class Said:
    """What one reader says of a neuron. A text that is left out is None, one that was never given is ""."""

    reader: str
    opinion: Opinion | None
    label: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A neuron."""

    layer: str
    unit: int
    class_name: str
    finding: str
    """The label that most of its images carry; "" for none, and at another α than the run's own"""
    dead: bool
    images: int
    reaching: str
    """Which images are representative, such as "above τ 0.1" """
    by_z: bool
    """Whether the words are ranked by z"""
    words: Sequence[Word]
    other_marks: Sequence[Word]
    """Concepts outside the annotation that a reader marked"""
    trust: Trust
    sentence: str
    said: Sequence[Said]
    settled: Opinion | None
    """What settles a difference between readers"""
    standing: str
    """accepted, rejected or unsure; differ where readers differ and nothing is settled; undecided"""
    carried: bool
    """Whether that is about another annotation than the card's"""
    films: Sequence[Film]
    shown: str = ""
    """What the films are where they are not the representative ones"""
    groups: Sequence[tuple[str, int]] = ()
    """Word and number of images of each group that its strongest images fall into; none for a single one"""

    @property
    def name(self) -> str:
        return f"{self.layer}:{self.unit}"

    @property
    def verdict(self) -> str:
        """What stands, in words."""
        return f"{self.standing}, carried over" if self.carried else self.standing
