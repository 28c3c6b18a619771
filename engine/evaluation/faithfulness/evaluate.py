"""Scores whether the words of a run's methods say when units are active, by labels and by a VLM's scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.annotation.cuts import Cuts
from engine.annotation.rows import products
from engine.evaluation.attribute_truths import truths_of
from engine.evaluation.concepts import Concepts, among_labels, concepts_of
from engine.evaluation.faithfulness.metrics import METRICS, Unit, pearson
from engine.evaluation.faithfulness.ranks import Flags, Floats
from engine.evaluation.faithfulness.results import (
    ByLabels,
    BySecond,
    Faithfulness,
    LayerFaithfulness,
    MethodFaithfulness,
)
from engine.evaluation.faithfulness.second import Second
from engine.evaluation.faithfulness.simulation import Simulation
from engine.evaluation.results import Figure
from engine.evaluation.truth import FEWEST, Truth
from engine.methods.base import Method
from engine.names import compared
from engine.progress import Progress, Silent
from engine.store.reader import RunReader

EXTREME = 0.1
"""The share of images, those with the highest and those with the lowest score of a word, that stand for with and
without it. FADE, too, leaves out what is in between."""
BETWEEN_EXTREMES = ("responsiveness", "purity", "auc", "mad")
"""The metrics that are computed between them"""
_SILENT = Silent()

Of = Mapping[int, Concepts]
"""Unit -> what one method says of it"""


def evaluate_faithfulness(
    reader: RunReader,
    methods: Sequence[Method],
    second: Second,
    *,
    cuts: Cuts | None = None,
    progress: Progress = _SILENT,
) -> Faithfulness:
    """Scores methods over an open run file at some cuts, by default the run's own.

    Raises MammiError for an unknown concept set.
    """
    cuts = cuts or reader.info.cuts
    concepts = concepts_of(reader, methods, cuts, progress)
    labels = frozenset(map(compared, reader.label_table()[0]))
    recorded = truths_of(reader)
    found: list[list[LayerFaithfulness]] = [[] for _ in methods]
    progress.stage("words", sum(layer.units for layer in reader.layers))
    for layer in reader.layers:
        of_methods = [
            {unit: said for unit, said in enumerate(of_layers[layer.name]) if said.best} for of_layers in concepts
        ]
        activations = reader.arrays.activations(layer)
        labelled = _Labels.of(activations, recorded)
        scored = _Scored(activations[:, second.known], second)
        for unit in range(layer.units):
            bests = {of[unit].best for of in of_methods if unit in of}
            labelled.add(unit, bests)
            scored.add(unit, bests)
            progress.advance(1)
        simulation = Simulation.of(scored.activations, second.images)
        for own, of in zip(found, of_methods, strict=True):
            if of:
                own.append(
                    LayerFaithfulness(layer.name, len(of), labelled.means(of), _second(of, scored, simulation, second))
                )
    every = tuple(
        MethodFaithfulness(method.name, method.title, among_labels(method, said, labels), tuple(layers))
        for method, said, layers in zip(methods, concepts, found, strict=True)
    )
    return Faithfulness(
        *(cuts, second.name, second.circular, len(second.known), every),
        tuple(_missing(reader, recorded, second, every)),
    )


@dataclass(slots=True, eq=False)
class _Labels:
    """One layer's units against the truths that their best concepts name.

    A concept may name several truths: "inspiration" names a high and a low one. Then the one counts that correlates
    best with the unit.
    """

    activations: NDArray[np.float32]
    members: Flags
    """[t, p]"""
    named: Mapping[str, list[int]]
    """Concept -> the truths that it names"""
    correlations: Floats
    """[units, t]"""
    found: dict[tuple[int, int], Mapping[str, float]] = field(default_factory=dict)
    """Unit and truth -> metrics"""

    @classmethod
    def of(cls, activations: NDArray[np.float32], recorded: Sequence[Truth]) -> _Labels:
        members = np.array([truth.images for truth in recorded]).reshape(len(recorded), activations.shape[1])
        named: dict[str, list[int]] = {}
        for place, truth in enumerate(recorded):
            for word in truth.words:
                named.setdefault(word, []).append(place)
        numbers = members.astype(np.float64)
        correlations = np.array([np.nan_to_num(pearson(values, numbers)) for values in activations])
        return cls(activations, members, named, correlations)

    def add(self, unit: int, concepts: set[str]) -> None:
        """Computes the metrics of a unit for the truths that these concepts name."""
        wanted = sorted({self._truth(unit, concept) for concept in concepts if concept in self.named})
        if wanted:
            prepared = Unit.of(self.activations[unit])
            values = {metric.name: metric.of(prepared, self.members[wanted]) for metric in METRICS}
            for place, truth in enumerate(wanted):
                self.found[unit, truth] = {name: float(of_truths[place]) for name, of_truths in values.items()}

    def means(self, of: Of) -> ByLabels | None:
        units = [unit for unit, said in of.items() if said.best in self.named]
        if not units:
            return None
        rows = [self.found[unit, self._truth(unit, of[unit].best)] for unit in units]
        # Each unit with each one's concept, read in the unit's favour, as its own is.
        pairs = [self.correlations[np.ix_(units, self.named[of[unit].best])].max(axis=1) for unit in units]
        of_all = sum(row["pearson"] for row in rows) / len(of)
        return ByLabels(len(units), _means(rows), of_all, float(np.mean(pairs)))

    def _truth(self, unit: int, concept: str) -> int:
        places = self.named[concept]
        return places[int(self.correlations[unit, places].argmax())]


@dataclass(slots=True, eq=False)
class _Scored:
    """One layer's units between the images with the highest and the lowest scores of their best concepts."""

    activations: NDArray[np.float32]
    """On the images that the VLM has, [units, n]"""
    second: Second
    extremes: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    """Concept -> the images with its highest scores, then as many with its lowest"""
    found: dict[tuple[int, str], Mapping[str, float]] = field(default_factory=dict)
    """Unit and concept -> metrics"""

    def add(self, unit: int, concepts: set[str]) -> None:
        """Computes the metrics of a unit for these concepts, where the VLM has them."""
        for concept in sorted(concepts & self.second.texts.keys()):
            images = self._extremes(concept)
            member = np.arange(len(images)) < len(images) // 2
            prepared = Unit.of(self.activations[unit, images])
            self.found[unit, concept] = {
                metric.name: float(metric.of(prepared, member[None])[0])
                for metric in METRICS
                if metric.name in BETWEEN_EXTREMES
            }

    def _extremes(self, concept: str) -> NDArray[np.int64]:
        if concept not in self.extremes:
            scores = products(self.second.images, self.second.texts[concept])
            count = max(1, round(EXTREME * len(scores)))
            order = np.argsort(-scores, kind="stable")
            self.extremes[concept] = np.concatenate([order[:count], order[-count:]])
        return self.extremes[concept]


def _second(of: Of, scored: _Scored, simulation: Simulation, second: Second) -> BySecond | None:
    units = [unit for unit, said in of.items() if said.best in second.texts]
    if not units:
        return None
    annotated = [[word for word in of[unit].annotation if word in second.texts] or [of[unit].best] for unit in units]
    best, best_chance = _simulated(simulation, units, np.stack([second.texts[of[unit].best] for unit in units]))
    annotation, chance = _simulated(simulation, units, np.stack([second.mean_text(words) for words in annotated]))
    rows = [scored.found[unit, of[unit].best] for unit in units]
    return BySecond(len(units), best, best_chance, annotation, chance, _means(rows))


def _simulated(simulation: Simulation, units: Sequence[int], texts: NDArray[np.float32]) -> tuple[Figure, float]:
    """The mean of each unit with its own text, and of each unit with every one's."""
    pairs = simulation.correlations(units, texts)
    return _figure(np.diagonal(pairs)), float(pairs.mean())


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    return {name: _figure(np.array([row[name] for row in rows])) for name in rows[0]}


def _figure(values: Floats) -> Figure:
    return Figure(float(values.mean()), float(values.std()) / math.sqrt(len(values)))


def _missing(
    reader: RunReader, recorded: Sequence[Truth], second: Second, methods: Sequence[MethodFaithfulness]
) -> Iterator[str]:
    if not recorded:
        yield f"No truth (such as a label) is recorded for {FEWEST} images or more: no metrics by labels."
    if lost := reader.image_count - len(second.known):
        yield f"{second.name} lacks {lost:,} of {reader.image_count:,} images: its scores are over the others."
    for method in methods:
        if not method.layers:
            yield f"{method.title} has no concepts."
        for layer in method.layers:
            if layer.second is None:
                yield f"{second.name} has no text of {method.title}'s concepts in {layer.layer}: no simulation there."
