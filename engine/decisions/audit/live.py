"""The audit of an open run: what is computed once, and what could not be looked at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.auditing.layers import LayerTraits, TraitFinder
from engine.auditing.strata import VIEW
from engine.auditing.traits import FEWEST, Traits
from engine.decisions.audit.classes import FEWEST_LABELLED, ClassTrait, class_traits
from engine.decisions.importance import first_over
from engine.decisions.outputs import Outcomes
from engine.store.reader import RunReader

_CARRIERS = 5
"""Neurons that are named for an output that reads a trait"""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A neuron that follows a trait and moves an output with it."""

    layer: str
    unit: int
    area: float
    """A of the trait"""
    share: float
    """The share of the output's importance in its layer that the neuron holds, with the sign of what it adds"""


class Audit:
    """Traits against outputs and neurons. Any thread may ask."""

    def __init__(self, reader: RunReader, outcomes: Outcomes | None, finder: TraitFinder | None = None) -> None:
        self._reader = reader
        self.finder = finder or TraitFinder(reader)
        self.outcomes = outcomes
        self._lock = threading.Lock()
        self._classes: tuple[ClassTrait, ...] | None = None

    @property
    def traits(self) -> Traits:
        return self.finder.traits

    def classes(self) -> tuple[ClassTrait, ...]:
        """Every class with every trait; () where the run holds no outputs or no attributes."""
        with self._lock:
            if self._classes is None:
                self._classes = () if self.outcomes is None else class_traits(self.outcomes, self.finder)
            return self._classes

    def layers(self) -> Iterator[LayerTraits]:
        """The units of every layer, in the run's order."""
        return map(self.finder.layer, self._reader.layers)

    def carriers(self, found: ClassTrait) -> tuple[Carrier, ...]:
        """The neurons that carry a trait into an output: they follow it, and what they add moves the output the way
        that it goes with the trait. Those of the largest importance times 2A − 1 come first."""
        way = found.reads or float(np.sign(found.area - 0.5))
        carriers: list[tuple[float, Carrier]] = []
        for position in self._reader.important_layers:
            layer = self._reader.layers[position]
            over = first_over(self._reader, position, found.number)
            importance = None if over is None else self._reader.importance(position, over)
            if importance is None:
                continue
            means = importance.means[found.number].astype(np.float64)
            shares = means / (float(np.abs(means).sum()) or 1.0)
            of_layer = self.finder.layer(layer)
            areas, follows = of_layer.areas[:, found.trait], of_layer.follows[:, found.trait]
            pulls = np.where(follows, way * shares * (2 * areas - 1), 0.0)
            for unit in np.argsort(-pulls, kind="stable")[:_CARRIERS].tolist():
                if pulls[unit] > 0:
                    carrier = Carrier(layer.name, unit, float(areas[unit]), float(shares[unit]))
                    carriers.append((float(pulls[unit]), carrier))
        return tuple(carrier for _, carrier in sorted(carriers, key=lambda each: -each[0])[:_CARRIERS])

    def unknown(self) -> list[str]:
        """What could not be looked at, and why, as sentences."""
        found = []
        recorded = {each.name for each in self._reader.attributes()}
        if recorded <= {VIEW}:
            beside = "Beside the view, the run" if recorded else "The run"
            found.append(
                f"{beside} records no attributes of its films, such as sex, age or devices. [probing.attributes] names "
                "columns that hold them, and mammi run adds them."
            )
        found += [f"{name}: not looked at, {why}." for name, why in self.traits.left_out]
        if self.outcomes is None:
            found.append("Classes: not looked at, the run does not hold the model's outputs.")
        else:
            found += self._unjudged(self.outcomes)
        if not self.finder.strata.labels:
            found.append(
                "Findings: the run has no labels, so a finding that goes with an attribute cannot be told apart."
            )
        if not self.finder.strata.patients_known:
            found.append("Patients are not recorded: each film counts as a patient, so intervals may be too narrow.")
        return found

    def _unjudged(self, outcomes: Outcomes) -> Iterator[str]:
        judged = {each.number for each in self.classes() if each.judged}
        without = [name for number, name in enumerate(outcomes.classes) if number not in judged]
        if without and self.traits.found:
            yield (
                f"Classes that are no label of {FEWEST_LABELLED} films or more, whose outputs are not all numbers, or "
                f"for which too few films differ in an attribute: {', '.join(without)}."
            )
        if not self.traits.found and self._reader.attributes():
            yield f"No attribute has {FEWEST} films with a value and {FEWEST} without."
