"""The target model's outputs beside the probing set's labels: which films it is right about, and which not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from engine.names import compared, labels_by_class, labels_of
from engine.store.batch import Floats
from engine.store.probabilities import Flags, as_probabilities, predictions
from engine.store.reader import RunReader

Kind = Literal["true positive", "false positive", "missed", "true negative"]
"""Predicted and labelled; predicted only; labelled only; neither"""
KINDS: tuple[Kind, ...] = get_args(Kind)
WRONG: tuple[Kind, ...] = ("false positive", "missed")


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What the model predicts for each of p images and each class, and whether the image is labelled so."""

    classes: tuple[str, ...]
    probabilities: Floats
    """[p, classes]; NaN where the model gave no number"""
    predicted: Flags
    """[p, classes]: at the run's threshold; with softmax the class of the highest output"""
    labelled: Flags
    """[p, classes]; False for classes that are no label of the probing set"""
    known: Flags
    """Whether a class is a label of the probing set at all, [classes]. Of others nothing is right or wrong."""
    exclusive: bool
    """Whether the probabilities of a film's classes sum to one, so that it is predicted to have one class"""
    threshold: float
    """The probability from which on a film is predicted to have a class; without meaning for exclusive ones"""

    @classmethod
    def of(cls, reader: RunReader) -> Self | None:
        """None where the run does not hold the outputs (`RunReader.missing` says why)."""
        outputs = reader.outputs
        if outputs is None:
            return None
        labels, carried = reader.label_table()
        named = labels_by_class(reader.classes, labels)
        return cls(
            reader.classes,
            probabilities := as_probabilities(outputs, reader.probabilities),
            predictions(probabilities, reader.probabilities, reader.threshold),
            np.stack([carried[:, places].any(axis=1) for places in named], axis=1),
            np.array([bool(places) for places in named]),
            reader.probabilities == "softmax",
            reader.threshold,
        )

    @property
    def films(self) -> int:
        """p"""
        return len(self.probabilities)

    def of_kind(self, kind: Kind, number: int) -> Flags:
        """The images of one kind for a class, [p]; none where the class is no label."""
        if not self.known[number]:
            return np.zeros(self.films, dtype=np.bool_)
        predicted, labelled = self.predicted[:, number], self.labelled[:, number]
        if kind == "true positive":
            return predicted & labelled
        if kind == "false positive":
            return predicted & ~labelled
        return ~predicted & labelled if kind == "missed" else ~predicted & ~labelled

    def kind(self, image: int, number: int) -> Kind | None:
        """What the prediction of a class is for an image; None where the class is no label."""
        if not self.known[number]:
            return None
        return kind_of(bool(self.predicted[image, number]), bool(self.labelled[image, number]))

    def sureness(self, number: int) -> NDArray[np.float64]:
        """How sure the model is of its prediction of a class, right or wrong, [p]: the distance of the probability from
        the threshold as a share of the most it can be on that side; with softmax the probability of what it predicts.
        """
        return self._sureness(self.probabilities[:, number], self.predicted[:, number])

    def sureness_of(self, image: int) -> NDArray[np.float64]:
        """How sure the model is of its prediction of each class for an image, [classes]."""
        return self._sureness(self.probabilities[image], self.predicted[image])

    def _sureness(self, given: Floats, predicted: Flags) -> NDArray[np.float64]:
        probabilities = given.astype(np.float64)
        if self.exclusive:
            return np.where(predicted, probabilities, 1 - probabilities)
        most = np.where(predicted, 1 - self.threshold, self.threshold)
        return np.abs(probabilities - self.threshold) / np.maximum(most, np.finfo(np.float64).tiny)

    def most_striking(self, image: int) -> int:
        """The number of the class whose output tells most of an image: of those that are wrong the one that the model
        is surest of, else the most probable one."""
        wrong = self.known & (self.predicted[image] != self.labelled[image])
        values = self.probabilities[image].astype(np.float64)
        if wrong.any():
            return int(np.argmax(np.where(wrong, np.nan_to_num(self.sureness_of(image), nan=-1.0), -2.0)))
        return int(np.argmax(np.nan_to_num(values, nan=-1.0)))


def output_named(classes: tuple[str, ...], name: str) -> int | None:
    """The number of the output of a name, in whatever spelling (engine.names.compared), or of the output that names it
    among other labels; None if there is none."""
    if name in classes:
        return classes.index(name)
    wanted = compared(name)
    spelt = [compared(each) for each in classes]
    if wanted in spelt:
        return spelt.index(wanted)
    return next((number for number, each in enumerate(classes) if wanted in labels_of(each)), None)


def kind_of(predicted: bool, labelled: bool) -> Kind:
    """What a prediction is beside a label."""
    if predicted:
        return "true positive" if labelled else "false positive"
    return "missed" if labelled else "true negative"
