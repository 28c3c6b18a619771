"""What every method gives: concepts of a neuron with their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.names import NamedLayer, find_layer, find_unit

DEAD = "Dead: its activation is the same for every image."
NOTHING_POSITIVE = "No concept scores above the bare template."

_ROUNDING = 1e-6
"""Of a score"""

L = TypeVar("L", bound=NamedLayer)


@dataclass(frozen=True, slots=True, eq=False)
class MethodAnswer:
    """What one method says of one neuron."""

    method: str
    concepts: tuple[str, ...]
    """The annotation, then the others; score descending in each"""
    scores: NDArray[np.float64]
    """Theirs, [k]"""
    annotated: int
    """The first `annotated` are the neuron's annotation"""
    note: str = ""
    """Why there are no concepts, or what a reader must know of them; one short sentence"""
    p_values: NDArray[np.float64] | None = None
    """[k], for methods that test"""
    details: tuple[str, ...] = ()
    """[k], such as the layer of a concept activation vector; () for methods that have none"""


class Method(Protocol):
    """A method over an open run file. Any thread may ask; what is shared between neurons is computed once."""

    name: str
    """Its key in engine.methods.KINDS"""
    title: str
    """As a reader knows it, with the options that matter, such as "CLIP-Dissect (soft WPMI)" """

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """One neuron's concepts. Methods with a selection or a cut of their own do not look at α or β.

        Raises MammiError for an unknown neuron or concept set.
        """
        ...


def asked(layers: Sequence[L], layer: str, unit: int) -> L:
    """The layer of a neuron that a method is asked for. Raises as `Method.neuron` does."""
    info = find_layer(layer, layers)
    find_unit(unit, info)
    return info


def sharing(scores: NDArray[np.float64]) -> int:
    """How many of some scores [k], descending, are the best one, to six digits: float32, in which published code
    computes, does not tell them apart."""
    return int(np.count_nonzero(scores >= scores[0] - _ROUNDING * abs(scores[0]))) if len(scores) else 0


def nothing(method: str, note: str) -> MethodAnswer:
    """The answer of a method that has no concepts for a neuron."""
    return MethodAnswer(method, (), np.empty(0), 0, note)
