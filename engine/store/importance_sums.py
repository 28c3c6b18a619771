"""Sums up the inputs of a linear head over the films of each class, from which their mean importance follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats
from engine.store.decision_records import OVER, Over
from engine.store.probabilities import Flags


class ImportanceSums:
    """The mean of w_ci · h_i over the films of each kind (`Over`), for `classes` classes and `units` inputs h.

    Sums are float64, and films may come in any pieces. `known` says which classes are labels of the probing set, [c]:
    no film is a false positive for another class.
    """

    def __init__(self, classes: int, units: int, known: Flags) -> None:
        self._known = known
        self._sums = {over: np.zeros((classes, units)) for over in OVER}
        self._films = {over: np.zeros(classes, np.int64) for over in OVER}

    def add(self, inputs: Floats, predicted: Flags, labelled: Flags) -> None:
        """Takes n films: their inputs [n, units], and what they are predicted and labelled to have, [n, classes]."""
        values = inputs.astype(np.float64)
        films = films_over(predicted, labelled, self._known)
        for over, flags in films.items():
            self._sums[over] += values.sum(axis=0) if over == "all" else flags.astype(np.float64).T @ values
            self._films[over] += flags.sum(axis=0)

    @property
    def mean_inputs(self) -> NDArray[np.float64]:
        """The mean input over all films, [units]."""
        mean: NDArray[np.float64] = self._sums["all"][0] / max(int(self._films["all"][0]), 1)
        return mean

    def films(self, over: Over) -> NDArray[np.int64]:
        """The number of films of a kind for each class, [classes]."""
        return self._films[over]

    def means(self, over: Over, weights: Floats) -> Floats:
        """The mean importance over the films of a kind, [classes, units]; zeros where there are none."""
        means = weights * (self._sums[over] / np.maximum(self._films[over], 1)[:, None])
        return means.astype(np.float32)


def films_over(predicted: Flags, labelled: Flags, known: Flags) -> dict[Over, Flags]:
    """Which of n films belong to each kind for each class, [n, classes]."""
    return {
        "all": np.ones_like(predicted),
        "labelled": labelled,
        "predicted": predicted,
        "true positive": predicted & labelled,
        "false positive": predicted & ~labelled & known,
        "missed": ~predicted & labelled,
    }
