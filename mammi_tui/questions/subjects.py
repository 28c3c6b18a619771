"""What a view is about: a neuron, a class, a film, a concept, the run as a whole, or its comparison with another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts, Ranking, Selection
from mammi_tui.film_search.orders import Order
from mammi_tui.neurons.rows import Neuron


@dataclass(frozen=True, slots=True)
class ClassSubject:
    """A label of the probing set, or a class that a final layer's unit stands for."""

    name: str


@dataclass(frozen=True, slots=True)
class FilmSubject:
    """An image of the probing set, by its index in the run."""

    image: int
    neuron: Neuron | None = None
    """The neuron among whose films it is looked at; None where it is looked at for itself"""


@dataclass(frozen=True, slots=True)
class ConceptSubject:
    """A concept, by its index in the run."""

    concept: int


@dataclass(frozen=True, slots=True)
class FilmSearch:
    """A search among all images of the probing set."""

    query: str = ""
    """What the reader has typed; "" for all of them"""
    order: Order = "fitting"
    flipped: bool = False
    """Whether the order goes the other way"""


@dataclass(frozen=True, slots=True)
class RunSubject:
    """The run as a whole."""


@dataclass(frozen=True, slots=True)
class ComparisonSubject:
    """What changed from the open run to another one, or to itself at other cuts."""

    other: str
    """The path of the other run file, which may be the open one's"""
    alpha: float | None = None
    """The other side's α, where it is neither its run's own nor the one on screen; so for the next ones"""
    beta: float | None = None
    concept_set: str | None = None
    ranking: Ranking | None = None
    selection: Selection | None = None

    @property
    def cuts(self) -> str:
        """The cuts that it names, in a few words; "" for none."""
        by = None if self.ranking is None else f"by {self.ranking}"
        named = (("α", self.alpha), ("β", self.beta), ("", by), ("", self.selection), ("", self.concept_set))
        return " ".join(f"{sign} {value}".strip() for sign, value in named if value is not None)


Subject = Neuron | ClassSubject | FilmSubject | ConceptSubject | FilmSearch | RunSubject | ComparisonSubject


@dataclass(frozen=True, slots=True)
class FilmList:
    """Films that the film view steps through."""

    title: str
    """What they are, such as "representative images of norm5:57" """
    images: Sequence[int]
    """By their index in the run, in order: a tuple, or a range where they are all films of a large run"""

    @classmethod
    def of(cls, title: str, images: NDArray[np.int64]) -> FilmList:
        """A list of these images."""
        if len(images) and (np.diff(images) == 1).all():
            return cls(title, range(int(images[0]), int(images[-1]) + 1))
        return cls(title, tuple(images.tolist()))


@dataclass(frozen=True, slots=True)
class Sight:
    """What the reader looks at: a subject, at some cuts."""

    subject: Subject
    cuts: Cuts

    def names_the_same(self, other: Sight | None) -> bool:
        """Whether both are about one subject for one concept set, at whatever other cuts."""
        return other is not None and self.subject == other.subject and self.cuts.concept_set == other.cuts.concept_set
