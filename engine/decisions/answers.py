"""Everything that a run says of one class, at once; what does not change is computed once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.decisions.classes import ClassFigures, class_figures
from engine.decisions.importance import first_over
from engine.decisions.outputs import Outcomes, output_named
from engine.evidence.metadata import Metadata
from engine.names import compared, labels_of
from engine.store.batch import Floats
from engine.store.decision_records import OVER, Missing, Over
from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """The importance of a layer's units for a class, as a mean over some films."""

    films: int
    means: Floats
    """[units]"""


@dataclass(frozen=True, slots=True, eq=False)
class ClassAnswer:
    """What a run says of a class."""

    name: str
    number: int | None
    """Its number among the outputs; None where it is none of them"""
    labelled: int
    """Films with the label of that name, also where it is no output"""
    figures: ClassFigures | None
    """None where it is no output, or the run holds no outputs"""
    shares: Mapping[int, Mapping[Over, Share]]
    """By the position of the layer; empty where the run holds no importance, or the class is no output"""
    first: Mapping[int, Over]
    """The films over which each layer's importance is shown first; a layer without any film is left out"""
    exclusive: bool
    """Whether each film is predicted to have one class"""
    threshold: float
    missing: tuple[Missing, ...]
    """What the run does not hold"""


class ClassAnswers:
    """Answers about the classes of an open run. Any thread may ask."""

    def __init__(self, reader: RunReader, outcomes: Outcomes | None) -> None:
        self._reader = reader
        self._outcomes = outcomes
        self._lock = threading.Lock()
        self._answers: dict[str, ClassAnswer] = {}

    def of(self, name: str) -> ClassAnswer:
        """Of an output by its name, or of a label of the probing set."""
        with self._lock:
            if name not in self._answers:
                self._answers[name] = self._answer(name)
            return self._answers[name]

    @cached_property
    def _metadata(self) -> Metadata:
        return Metadata.of(self._reader)

    def _answer(self, name: str) -> ClassAnswer:
        reader, outcomes = self._reader, self._outcomes
        number = output_named(reader.classes, name)
        labels = self._metadata.labels
        own = [place for place, label in enumerate(labels) if compared(label) in labels_of(name)]
        figures = None
        if number is not None and outcomes is not None:
            figures = class_figures(outcomes, number, self._metadata.clusters)
        shares = {} if number is None else {layer: self._shares(layer, number) for layer in reader.important_layers}
        firsts = {layer: first_over(reader, layer, number) for layer in shares if number is not None}
        return ClassAnswer(
            *(name, number, self._carrying(own), figures),
            *(shares, {layer: over for layer, over in firsts.items() if over}),
            exclusive=reader.probabilities == "softmax",
            threshold=reader.threshold,
            missing=reader.missing,
        )

    def _carrying(self, labels: list[int]) -> int:
        """The films that carry any of some labels."""
        return int(self._metadata.carried[:, labels].any(axis=1).sum())

    def _shares(self, layer: int, number: int) -> dict[Over, Share]:
        found = {over: self._reader.importance(layer, over) for over in OVER}
        return {over: Share(int(each.films[number]), each.means[number]) for over, each in found.items() if each}
