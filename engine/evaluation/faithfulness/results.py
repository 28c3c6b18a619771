"""What the faithfulness of a run's words consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.evaluation.results import Figure


@dataclass(frozen=True, slots=True)
class ByLabels:
    """Best concepts against the images that carry them, over the units whose best concept names a recorded truth."""

    units: int
    metrics: Mapping[str, Figure]
    """Metric -> its mean"""
    of_all: float
    """Mean Pearson correlation over all units with a concept, where one that names no recorded truth counts 0"""
    chance: float
    """Mean Pearson correlation when the scored units exchange their concepts at random"""


@dataclass(frozen=True, slots=True)
class BySecond:
    """Concepts against the scores of a VLM, over the units whose concepts it has."""

    units: int
    best: Figure
    """Simulation: Pearson correlation of a unit's activation with the score of its best concept"""
    best_chance: float
    """The same when the units exchange their concepts at random"""
    annotation: Figure
    """With the mean score of its annotated concepts; of the best one where none is annotated"""
    annotation_chance: float
    metrics: Mapping[str, Figure]
    """Metric of the best concept -> its mean, between the images with the highest and the lowest scores"""


@dataclass(frozen=True, slots=True)
class LayerFaithfulness:
    """One method's words in one layer."""

    layer: str
    units: int
    """Units for which the method has a concept"""
    labels: ByLabels | None
    """None where no best concept names a recorded truth"""
    second: BySecond | None
    """None where the VLM has none of the concepts"""


@dataclass(frozen=True, slots=True)
class MethodFaithfulness:
    """One method's words."""

    method: str
    title: str
    among_labels: bool
    """Whether it chooses among the probing set's labels, not the concept set"""
    layers: tuple[LayerFaithfulness, ...]
    """The layers for which it has concepts"""


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Whether the words of all methods say when units are active."""

    cuts: Cuts
    vlm: str
    """The VLM whose scores stand for the words"""
    circular: bool
    """Whether it is the one that chose MAMMI's words"""
    images: int
    """Images that it has"""
    methods: tuple[MethodFaithfulness, ...]
    missing: tuple[str, ...]
    """What could not be evaluated and why, one short sentence each"""
