"""Scores a run's methods by class labels, by the truth recorded about its images, and by how many concepts they use."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from engine.annotation.cuts import Cuts
from engine.evaluation.attribute_truths import attribute_truths
from engine.evaluation.labels import LabelScorer, TextEncoder, final_layer
from engine.evaluation.results import (
    Evaluation,
    Figure,
    LayerTruth,
    MethodEvaluation,
    NamedNeuron,
    Ties,
    TruthHits,
    TruthScores,
    UniqueConcepts,
)
from engine.evaluation.synonyms import Synonyms
from engine.evaluation.truth import FEWEST, Exchange, Truth, counted, exchange, followed, truths
from engine.methods import is_computed
from engine.methods.base import Method, MethodAnswer, count_sharing_best
from engine.names import compared, find_concept_set, labels_of
from engine.progress import Progress, Silent
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

BY_ANNOTATION = ("mammi", "mammi_z", "www", "falcon", "falcon_crops")
"""The methods that are scored by their annotation: MAMMI, its ablation without adaptive selection, and FALCON. FALCON's
published F1 of 0.0635 at a hit rate of 0.2857 comes from eight words a neuron (4/14 · 2/9), not one. The paper scores
the others by their best concept, so that every neuron has one."""
_SILENT = Silent()


def evaluate(
    reader: RunReader,
    methods: Sequence[Method],
    encoders: Sequence[TextEncoder] = (),
    synonyms: Synonyms | None = None,
    *,
    cuts: Cuts | None = None,
    progress: Progress = _SILENT,
) -> Evaluation:
    """Scores methods over an open run file at some cuts, by default the run's own.

    Raises MammiError for an unknown concept set.
    """
    cuts = cuts or reader.info.cuts
    vocabulary = _vocabulary(reader, cuts.concept_set)
    final = final_layer(reader)
    label_table = reader.label_table()
    labels = frozenset(map(compared, label_table[0]))
    recorded = truths(label_table, reader.parameter_table(), reader.views()) + attribute_truths(reader.attributes())
    layers = [_Followed.of(reader, layer, recorded, vocabulary) for layer in reader.layers] if recorded else []
    progress.stage("methods", len(methods) * sum(layer.units for layer in reader.layers))
    concepts = []
    for method in methods:
        of_layers: dict[str, list[_Concepts]] = {layer.name: [] for layer in reader.layers}
        for layer in reader.layers:
            for unit in range(layer.units):
                answer = method.neuron(layer.name, unit, cuts)
                of_layers[layer.name].append(_concepts(answer))
                progress.advance(1)
        concepts.append(of_layers)
    labelled = None
    if final is not None:
        truth = [labels_of(name) for name in final.unit_names]
        labelled = _Labelled(final.name, LabelScorer(truth, encoders, synonyms))
    evaluated = tuple(
        _evaluated(method, of_layers, labelled, layers, labels)
        for method, of_layers in zip(methods, concepts, strict=True)
    )
    return Evaluation(
        *(cuts, None if final is None else final.name),
        tuple(encoder.name for encoder in encoders),
        evaluated,
        tuple(layer.summary for layer in layers),
        tuple(_missing(reader, final, encoders, recorded, evaluated)),
    )


@dataclass(frozen=True, slots=True)
class _Concepts:
    """The concepts of one neuron by one method, as `compared`."""

    annotation: tuple[str, ...]
    best: str
    equals: tuple[str, ...]
    """The concepts that share the best score, `best` among them"""

    @property
    def said(self) -> tuple[str, ...]:
        return (*self.annotation, self.best) if self.best else ()


def _concepts(answer: MethodAnswer) -> _Concepts:
    equals = count_sharing_best(answer.scores)
    concepts = tuple(compared(concept) for concept in answer.concepts[: max(answer.annotated, equals)])
    return _Concepts(concepts[: answer.annotated], concepts[0] if concepts else "", concepts[:equals])


def _vocabulary(reader: RunReader, concept_set: str | None) -> frozenset[str]:
    if concept_set is None:
        return frozenset(map(compared, reader.concepts))
    chosen = find_concept_set(concept_set, reader.concept_sets)
    return frozenset(compared(reader.concepts[concept]) for concept in chosen.concepts)


@dataclass(frozen=True, slots=True)
class _Labelled:
    """The final layer, with the scorer of its labels."""

    layer: str
    scorer: LabelScorer

    def add(self, evaluation: MethodEvaluation, concepts: Sequence[_Concepts]) -> MethodEvaluation:
        """The evaluation, completed by the scores of a method's concepts against the labels."""
        annotations = [neuron.annotation for neuron in concepts]
        bests = [(neuron.best,) * bool(neuron.best) for neuron in concepts]
        return replace(
            evaluation,
            neurons=tuple(
                NamedNeuron(unit, labels, neuron.best, neuron.annotation)
                for unit, (labels, neuron) in enumerate(zip(self.scorer.truth, concepts, strict=True))
            ),
            annotation=self.scorer.score(annotations),
            best=self.scorer.score(bests),
            ties=self._ties(concepts),
            annotation_synonyms=self.scorer.score_synonyms(annotations),
            best_synonyms=self.scorer.score_synonyms(bests),
        )

    def _ties(self, concepts: Sequence[_Concepts]) -> Ties | None:
        tied = sum(len(neuron.equals) > 1 for neuron in concepts)
        hits = [
            sum(concept in labels for concept in neuron.equals) / max(len(neuron.equals), 1)
            for neuron, labels in zip(concepts, self.scorer.truth, strict=True)
        ]
        return Ties(tied, sum(hits) / len(hits)) if tied else None


@dataclass(frozen=True, slots=True)
class _Followed:
    """The units of one layer that follow a truth which a concept can name."""

    summary: LayerTruth
    units: tuple[int, ...]
    words: tuple[frozenset[str], ...]
    """The names of the truth that each of these units follows"""

    @classmethod
    def of(cls, reader: RunReader, layer: LayerInfo, recorded: Sequence[Truth], vocabulary: frozenset[str]) -> Self:
        found = followed(reader.arrays.activations(layer), recorded)
        clear = [(unit, truth) for unit, truth in enumerate(found) if truth is not None]
        named = [(unit, truth) for unit, truth in clear if truth.words & vocabulary]
        counts = counted([truth.name for _, truth in clear])
        unnamed = {truth.name for _, truth in clear} - {truth.name for _, truth in named}
        summary = LayerTruth(
            layer.name, layer.units, len(clear), counts, tuple(name for name in counts if name in unnamed)
        )
        return cls(summary, tuple(unit for unit, _ in named), tuple(truth.words for _, truth in named))

    def score(self, concepts: Sequence[_Concepts]) -> TruthScores:
        own = [concepts[unit] for unit in self.units]
        best = exchange([(neuron.best,) for neuron in own], self.words)
        annotation = exchange([neuron.annotation for neuron in own], self.words)
        return TruthScores(self.summary.layer, len(own), _hits(best, len(own)), _hits(annotation, len(own)))


def _hits(found: Exchange, units: int) -> TruthHits:
    error = math.sqrt(found.hit_rate * (1 - found.hit_rate) / units)
    return TruthHits(Figure(found.hit_rate, error), found.chance, found.p_value)


def _evaluated(
    method: Method,
    concepts: Mapping[str, Sequence[_Concepts]],
    labelled: _Labelled | None,
    layers: Sequence[_Followed],
    labels: frozenset[str],
) -> MethodEvaluation:
    said = {concept for of_layer in concepts.values() for neuron in of_layer for concept in neuron.said}
    evaluation = MethodEvaluation(
        method=method.name,
        title=method.title,
        by_annotation=method.name in BY_ANNOTATION,
        among_labels=getattr(method, "of_labels", False) or (is_computed(method.name) and said <= labels),
        unique=tuple(_unique(layer, neurons) for layer, neurons in concepts.items()),
        truth=tuple(
            layer.score(concepts[layer.summary.layer])
            for layer in layers
            if layer.units and _speaks(concepts[layer.summary.layer])
        ),
    )
    if labelled is None or not _speaks(concepts[labelled.layer]):
        return evaluation
    return labelled.add(evaluation, concepts[labelled.layer])


def _speaks(concepts: Sequence[_Concepts]) -> bool:
    """Whether a method has concepts for any of these neurons. Some methods only answer for layers with maps."""
    return any(neuron.best for neuron in concepts)


def _unique(layer: str, concepts: Sequence[_Concepts]) -> UniqueConcepts:
    annotated = {word for neuron in concepts for word in neuron.annotation}
    bests = {neuron.best for neuron in concepts} - {""}
    return UniqueConcepts(layer, sum(bool(neuron.annotation) for neuron in concepts), len(bests), len(annotated))


def _missing(
    reader: RunReader,
    final: LayerInfo | None,
    encoders: Sequence[TextEncoder],
    recorded: Sequence[Truth],
    evaluated: Sequence[MethodEvaluation],
) -> Iterator[str]:
    for layer in reader.layers:
        if layer.untrained:
            yield f"The units of {layer.name} are random: {layer.untrained}. What is said of them means nothing."
    if final is None:
        yield "No layer's units carry class names: no hit rate, F1 or cosine similarity."
    else:
        silent = [method.title for method in evaluated if not method.neurons]
        yield from (f"{title} has no concepts for {final.name}: not scored there." for title in silent)
        if not encoders:
            yield "No text encoder was given: no cosine similarity."
    if not recorded:
        yield f"No label, view or parameter is recorded for {FEWEST} images or more: hidden layers are not scored."
    elif not reader.parameter_table()[0]:
        yield "No anatomical parameters, which only phantoms have: hidden layers are scored by labels and views alone."
