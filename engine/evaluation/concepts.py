"""What methods say of every neuron of a run, in the form in which concepts are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.methods import is_computed
from engine.methods.base import Method, MethodAnswer, count_sharing_best
from engine.names import compared
from engine.progress import Progress
from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True)
class Concepts:
    """The concepts of one neuron by one method, as `compared`."""

    annotation: tuple[str, ...]
    best: str
    """"" for none"""
    equals: tuple[str, ...]
    """The concepts that share the best score, `best` among them"""

    @property
    def said(self) -> tuple[str, ...]:
        return (*self.annotation, self.best) if self.best else ()


def concepts_of(
    reader: RunReader, methods: Sequence[Method], cuts: Cuts, progress: Progress
) -> list[Mapping[str, Sequence[Concepts]]]:
    """For each method the concepts of each layer's neurons, by layer. Raises MammiError for an unknown concept set."""
    progress.stage("methods", len(methods) * sum(layer.units for layer in reader.layers))
    found: list[Mapping[str, Sequence[Concepts]]] = []
    for method in methods:
        of_layers: dict[str, list[Concepts]] = {layer.name: [] for layer in reader.layers}
        for layer in reader.layers:
            for unit in range(layer.units):
                of_layers[layer.name].append(_concepts(method.neuron(layer.name, unit, cuts)))
                progress.advance(1)
        found.append(of_layers)
    return found


def _concepts(answer: MethodAnswer) -> Concepts:
    equals = count_sharing_best(answer.scores)
    concepts = tuple(compared(concept) for concept in answer.concepts[: max(answer.annotated, equals)])
    return Concepts(concepts[: answer.annotated], concepts[0] if concepts else "", concepts[:equals])


def speaks(concepts: Sequence[Concepts]) -> bool:
    """Whether a method has concepts for any of these neurons. Some methods only answer for layers with maps."""
    return any(neuron.best for neuron in concepts)


def among_labels(method: Method, concepts: Mapping[str, Sequence[Concepts]], labels: frozenset[str]) -> bool:
    """Whether a method chooses among the probing set's labels (as `compared`), which makes a hit far easier."""
    said = {concept for of_layer in concepts.values() for neuron in of_layer for concept in neuron.said}
    return getattr(method, "of_labels", False) or (is_computed(method.name) and said <= labels)
