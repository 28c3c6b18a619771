"""Why a film has its outputs: what the model says beside the labels, and which units raised or lowered an output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.decisions.outputs import WRONG, Kind, Outcomes
from engine.store.batch import Floats
from engine.store.decision_records import FilmImportance, Head
from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True)
class Output:
    """What the model says of one class on a film."""

    number: int
    """The class, by its place among the model's outputs"""
    name: str
    value: float
    """The output before it becomes a probability"""
    probability: float
    predicted: bool
    labelled: bool
    kind: Kind | None
    """None where the class is no label of the probing set: then nothing is right or wrong"""
    sureness: float
    """How sure the model is of its prediction, 0 to 1 (Outcomes.sureness)"""


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """How the inputs of the head move one output of a film away from its mean over the probing set.

    The share of input i is w_i · (a_i − ā_i). All shares sum to output − mean output, as the head is linear.
    """

    units: NDArray[np.int64]
    """All inputs, those with the largest shares first, whatever their sign, [units]"""
    shares: NDArray[np.float64]
    """Their shares, [units]"""
    inputs: Floats
    """Their activations a_i, [units]"""
    means: NDArray[np.float64]
    """Their means ā_i, [units]"""

    @property
    def total(self) -> float:
        """output − mean output"""
        return float(self.shares.sum())

    def of_first(self, count: int) -> float:
        """What the first `count` shares sum to."""
        return float(self.shares[:count].sum())


@dataclass(frozen=True, slots=True, eq=False)
class FilmDecision:
    """All that a run holds about the outputs of one film."""

    outputs: tuple[Output, ...]
    """Wrong and sure ones first, then by probability; () where the run does not hold outputs"""
    head: Head | None
    inputs: Floats | None
    """The head's inputs, [units]; None where they are not kept"""
    hidden: tuple[FilmImportance, ...]
    """The strongest units of hidden layers, where they are kept"""

    @classmethod
    def of(cls, reader: RunReader, outcomes: Outcomes | None, image: int) -> Self:
        """Reads what is kept about an image."""
        return cls(
            ()
            if outcomes is None or reader.outputs is None
            else tuple(sorted_outputs(outcomes, reader.outputs, image)),
            reader.head,
            reader.head_inputs(image),
            tuple(reader.film_importance(image)),
        )

    def shares(self, number: int) -> Shares | None:
        """The shares of a class's output; None without a head or its inputs."""
        return None if self.head is None or self.inputs is None else shares_of(self.head, self.inputs, number)


def sorted_outputs(outcomes: Outcomes, outputs: Floats, image: int) -> list[Output]:
    """The outputs of an image: the wrong ones, surest first, then the others by probability, ties in their order."""
    row = slice(image, image + 1)
    alone = replace(
        outcomes,
        probabilities=outcomes.probabilities[row],
        predicted=outcomes.predicted[row],
        labelled=outcomes.labelled[row],
    )
    found = [
        Output(
            *(number, name, float(outputs[image, number]), float(alone.probabilities[0, number])),
            *(bool(alone.predicted[0, number]), bool(alone.labelled[0, number])),
            alone.kind(0, number),
            float(alone.sureness(number)[0]),
        )
        for number, name in enumerate(outcomes.classes)
    ]

    def order(output: Output) -> tuple[bool, float]:
        wrong = output.kind in WRONG
        figure = output.sureness if wrong else output.probability
        return not wrong, -figure if figure == figure else np.inf

    return sorted(found, key=order)


def shares_of(head: Head, inputs: Floats, number: int) -> Shares:
    """The shares of one output, for inputs [units] of the head."""
    parts = head.weights[number].astype(np.float64) * (inputs.astype(np.float64) - head.mean)
    order = np.argsort(-np.abs(parts), kind="stable")
    return Shares(order, parts[order], inputs[order], head.mean[order])
