"""What the writer of a run file needs to connect neurons to the target model's decisions, beside the batches."""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.batch import Floats
from engine.store.decision_records import Missing, Probabilities


@dataclass(frozen=True, slots=True, eq=False)
class HeadContents:
    """The linear layer that gives the outputs."""

    weights: Floats
    """[classes, units]"""
    bias: Floats
    """[classes]"""
    layer: str | None
    """The layer of the run whose neurons give its inputs, one for one"""
    same: bool
    """Whether the layer's activations are the inputs themselves"""
    map_shape: tuple[int, int] | None
    """Height and width of the class activation maps; None where there are none"""


@dataclass(frozen=True, slots=True, eq=False)
class DecisionContents:
    """How the target model comes to its outputs, and what the run keeps of them."""

    classes: tuple[str, ...]
    """The outputs by name, or by number where they have none; () where the model's outputs are not known"""
    probabilities: Probabilities
    threshold: float
    head: HeadContents | None
    films: bool
    """Whether each film's activations and the head's inputs are kept"""
    missing: tuple[Missing, ...] = ()
    """What the run file will lack of all this"""
