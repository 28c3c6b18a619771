"""Deletion of units: does a class's output fall faster when the most important units go first?

Deleting a unit puts its input to the head to its mean over the probing set. The head is linear, so deleting the units S
takes Σ over S of w_i · (h_i − mean_i) from the output: no pass of the model is needed. When all are deleted, the output
is the mean output. The units' order comes from one half of the class's films (by patient where patients are known), and
the other half is what it is tried on; then the halves change places. An order that is made from the very films that it
is tried on could not lose. A random order falls in a straight line on average; its area is 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.decisions.outputs import Outcomes
from engine.store.batch import Floats
from engine.store.decision_records import Head, Probabilities
from engine.store.probabilities import as_probabilities, predictions
from engine.store.reader import RunReader

IMPORTANCE, ACTIVATION, RANDOM = "importance", "activation", "random"
FEWEST = 10
"""Films that a class must be labelled with"""
MOST = 2000
"""Films of a class that are looked at; of more, so many are drawn"""
STEPS = 40
"""Points of a curve after the first"""
RANDOM_ORDERS = 100
RANDOM_PREDICTED = 10
"""Random orders for which the predictions are counted"""
_SEED = 0


@dataclass(frozen=True, slots=True)
class Curve:
    """What is left of a class while more and more units are deleted."""

    order: str
    """IMPORTANCE, ACTIVATION or RANDOM"""
    deleted: tuple[float, ...]
    """The share of the units that are deleted at each point"""
    output: tuple[float, ...]
    """The mean output as a share of its way from the mean output (0) to what it is with all units (1)"""
    predicted: tuple[float, ...]
    """The share of the films that are still predicted to have the class"""
    area: float
    """The area under `output`: lower is faster"""
    spread: float = 0.0
    """For RANDOM the standard deviation of the area over the orders"""


@dataclass(frozen=True, slots=True)
class ClassDeletion:
    """The curves of one class."""

    name: str
    films: int
    """Films that are labelled with it"""
    curves: tuple[Curve, ...]

    def area(self, order: str) -> float:
        return next(curve.area for curve in self.curves if curve.order == order)


def deletion(reader: RunReader, outcomes: Outcomes, head: Head) -> tuple[ClassDeletion, ...]:
    """The curves of each class that enough films are labelled with, and whose output is higher on these than on all."""
    found = []
    for number, name in enumerate(outcomes.classes):
        films = np.flatnonzero(outcomes.labelled[:, number])
        labelled = len(films)
        if labelled < FEWEST:
            continue
        if labelled > MOST:
            films = np.sort(np.random.default_rng(_SEED).choice(films, MOST, replace=False))
        inputs = reader.head_inputs_of(films)
        if inputs is None or reader.outputs is None:
            return ()
        shares = head.weights[number] * (inputs - head.mean)
        if shares.sum(axis=1).mean() <= 0:
            continue
        some = _Films(shares, inputs, reader.outputs[films], number, reader.probabilities, reader.threshold)
        found.append(ClassDeletion(name, int(labelled), _curves(some, _halves(reader, films))))
    return tuple(found)


def _halves(reader: RunReader, films: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the films belong to the first half, by patient where the probing set names patients."""
    _, places = reader.coded("patient")
    patients = np.where(places >= 0, places, np.arange(len(places)) + len(places))[films]
    known = np.unique(patients)
    first = np.random.default_rng(_SEED).permutation(known)[: len(known) // 2]
    return np.isin(patients, first)


@dataclass(frozen=True, slots=True, eq=False)
class _Films:
    """Some films of one class."""

    shares: NDArray[np.float64]
    """w_i · (h_i − mean_i), [n, units]"""
    inputs: Floats
    """h_i, [n, units]"""
    outputs: Floats
    """[n, classes]"""
    number: int
    """The class"""
    how: Probabilities
    threshold: float

    def some(self, chosen: NDArray[np.bool_]) -> _Films:
        return replace(self, shares=self.shares[chosen], inputs=self.inputs[chosen], outputs=self.outputs[chosen])

    def left(self, order: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is left of the mean output after each count of deleted units."""
        taken = np.concatenate([[0.0], np.cumsum(self.shares.mean(axis=0)[order])])
        return 1 - taken[counts] / taken[-1] if taken[-1] else np.ones(len(counts))

    def predicted(self, order: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of the films that are still predicted after each count of deleted units."""
        taken = np.cumsum(self.shares[:, order], axis=1)
        found = []
        for count in counts.tolist():
            outputs = self.outputs.copy()
            if count:
                outputs[:, self.number] -= taken[:, count - 1]
            probabilities = as_probabilities(outputs, self.how)
            found.append(predictions(probabilities, self.how, self.threshold)[:, self.number].mean())
        return np.array(found)


def _curves(films: _Films, first: NDArray[np.bool_]) -> tuple[Curve, ...]:
    """The curves of one class; `first` says which films are the first half."""
    units = films.shares.shape[1]
    counts = np.unique(np.linspace(0, units, STEPS + 1).round().astype(np.int64))
    generator = np.random.default_rng(_SEED)
    random = [generator.permutation(units) for _ in range(RANDOM_ORDERS)]
    everything = np.ones(len(first), dtype=np.bool_)
    halves = ((first, ~first), (~first, first)) if 0 < first.sum() < len(first) else ((everything, everything),)
    left: dict[str, list[NDArray[np.float64]]] = {IMPORTANCE: [], ACTIVATION: [], RANDOM: []}
    predicted: dict[str, list[NDArray[np.float64]]] = {IMPORTANCE: [], ACTIVATION: [], RANDOM: []}
    chance = []
    for made, tried in halves:
        model, judged = films.some(made), films.some(tried)
        for name, means in ((IMPORTANCE, model.shares), (ACTIVATION, model.inputs)):
            order = np.argsort(-means.mean(axis=0), kind="stable")
            left[name].append(judged.left(order, counts))
            predicted[name].append(judged.predicted(order, counts))
        chance.append(np.stack([judged.left(order, counts) for order in random]))
        predicted[RANDOM] += [judged.predicted(order, counts) for order in random[:RANDOM_PREDICTED]]
    by_order = np.mean(chance, axis=0)
    left[RANDOM] = [by_order.mean(axis=0)]
    x = counts / units
    spread = {RANDOM: float(np.trapezoid(by_order, x, axis=1).std())}
    return tuple(
        _curve(name, np.mean(left[name], axis=0), np.mean(predicted[name], axis=0), x, spread.get(name, 0.0))
        for name in (IMPORTANCE, ACTIVATION, RANDOM)
    )


def _curve(
    order: str, output: NDArray[np.float64], predicted: NDArray[np.float64], x: NDArray[np.float64], spread: float
) -> Curve:
    area = float(np.trapezoid(output, x))
    return Curve(order, tuple(x.tolist()), tuple(output.tolist()), tuple(predicted.tolist()), area, spread)
