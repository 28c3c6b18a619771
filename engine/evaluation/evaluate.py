"""A run's methods judged by what is known: class labels, the truth of phantoms, and how many concepts they tell apart.

The final layer, whose units carry class names, is scored as the paper scores it (ailab-kyunghee/MAMMI,
utils/med_metric_utils.py): strings are compared exactly after lower-casing, a class named "a, b" has two labels, and a
neuron without concepts predicts the one word "none". Underscores are blanks, as in the published labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from engine import metrics
from engine.concept_set_name import find_concept_set
from engine.evaluation.results import (
    Evaluation,
    Figure,
    LabelScores,
    LayerTruth,
    MethodEvaluation,
    NamedNeuron,
    TruthHits,
    TruthScores,
    UniqueConcepts,
)
from engine.evaluation.synonyms import Synonyms, compared, with_synonyms
from engine.evaluation.truth import FEWEST, Exchange, Truth, counted, exchange, followed, truths
from engine.methods.base import Method, MethodAnswer
from engine.store.reader import LayerInfo, RunReader

NO_CONCEPT = "none"
"""What a neuron without concepts predicts, as published."""
BY_ANNOTATION = ("mammi", "www")
"""Methods scored by their annotation: MAMMI, and its ablation without adaptive selection. The paper scores the others
by their best concept, so that every neuron has one."""


class TextEncoder(Protocol):
    """What `engine.evaluation.encoders` loads."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts to unit vectors [len(texts), d]. The result of one text does not depend on the others."""
        ...


def evaluate(
    reader: RunReader,
    methods: Sequence[Method],
    encoders: Sequence[TextEncoder] = (),
    synonyms: Synonyms | None = None,
    *,
    alpha: float | None = None,
    beta: float | None = None,
    concept_set: str | None = None,
) -> Evaluation:
    """Judges methods over an open run file, at the run's own α and β unless others are given.

    Raises ValueError for an α or β outside [0, 1], MammiError for an unknown concept set.
    """
    alpha = reader.info.alpha if alpha is None else alpha
    beta = reader.info.beta if beta is None else beta
    vocabulary = _vocabulary(reader, concept_set)
    final = next((layer for layer in reversed(reader.layers) if layer.unit_names), None)
    known = truths(reader.label_table(), reader.parameter_table(), reader.views())
    layers = [_Followed.of(reader, layer, known, vocabulary) for layer in reader.layers] if known else []
    concepts = [
        {
            layer.name: [
                _concepts(method.neuron(layer.name, unit, alpha, beta, concept_set)) for unit in range(layer.units)
            ]
            for layer in reader.layers
        }
        for method in methods
    ]
    labelled = None
    if final is not None:
        truth = [labels_of(name) for name in final.unit_names]
        said = {word for of_layers in concepts for neuron in of_layers[final.name] for word in neuron.said}
        embeddings = {encoder.name: _embed(encoder, said.union(*truth)) for encoder in encoders}
        labelled = _Labelled(final.name, truth, embeddings, synonyms)
    return Evaluation(
        *(alpha, beta, concept_set, None if final is None else final.name),
        tuple(encoder.name for encoder in encoders),
        tuple(
            _evaluated(method, of_layers, labelled, layers) for method, of_layers in zip(methods, concepts, strict=True)
        ),
        tuple(layer.summary for layer in layers),
        tuple(_missing(reader, final, encoders, known)),
    )


def labels_of(class_name: str) -> tuple[str, ...]:
    """The labels that a class name gives, as compared: "Pleural_Thickening" → "pleural thickening"."""
    return tuple(compared(label) for label in class_name.split(", "))


@dataclass(frozen=True, slots=True)
class _Concepts:
    """One method's of one neuron, as compared."""

    annotation: tuple[str, ...]
    best: str

    @property
    def said(self) -> tuple[str, ...]:
        return (*self.annotation, self.best or NO_CONCEPT, NO_CONCEPT)


def _concepts(answer: MethodAnswer) -> _Concepts:
    concepts = tuple(compared(concept) for concept in answer.concepts[: max(answer.annotated, 1)])
    return _Concepts(concepts[: answer.annotated], concepts[0] if concepts else "")


def _vocabulary(reader: RunReader, concept_set: str | None) -> frozenset[str]:
    if concept_set is None:
        return frozenset(map(compared, reader.concepts))
    chosen = find_concept_set(concept_set, reader.concept_sets)
    return frozenset(compared(reader.concepts[concept]) for concept in chosen.concepts)


def _embed(encoder: TextEncoder, texts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    ordered = sorted(texts)
    return dict(zip(ordered, encoder.encode(ordered), strict=True))


@dataclass(frozen=True, slots=True)
class _Labelled:
    """The final layer, and what it takes to score concepts by its labels."""

    layer: str
    truth: Sequence[tuple[str, ...]]
    embeddings: Mapping[str, Mapping[str, NDArray[np.float32]]]
    """By encoder and text"""
    synonyms: Synonyms | None

    def add(self, evaluation: MethodEvaluation, concepts: Sequence[_Concepts]) -> MethodEvaluation:
        """The evaluation with what the labels say of a method's concepts."""
        annotations = [neuron.annotation for neuron in concepts]
        bests = [(neuron.best,) * bool(neuron.best) for neuron in concepts]
        return replace(
            evaluation,
            neurons=tuple(
                NamedNeuron(unit, labels, neuron.best, neuron.annotation)
                for unit, (labels, neuron) in enumerate(zip(self.truth, concepts, strict=True))
            ),
            annotation=self.score(annotations),
            best=self.score(bests),
            annotation_synonyms=self.score_synonyms(annotations),
            best_synonyms=self.score_synonyms(bests),
        )

    def score(self, predicted: Sequence[Sequence[str]]) -> LabelScores:
        words = [tuple(concepts) or (NO_CONCEPT,) for concepts in predicted]
        return LabelScores(
            Figure(metrics.hit_rate(words, self.truth), metrics.hit_rate_error(words, self.truth)),
            Figure(*metrics.precision(words, self.truth)),
            Figure(*metrics.recall(words, self.truth)),
            Figure(*metrics.f1(words, self.truth)),
            {name: self._similarity(words, vectors) for name, vectors in self.embeddings.items()},
        )

    def score_synonyms(self, predicted: Sequence[Sequence[str]]) -> LabelScores | None:
        if self.synonyms is None:
            return None
        return replace(self.score(with_synonyms(predicted, self.truth, self.synonyms)), similarity={})

    def _similarity(self, words: Sequence[Sequence[str]], vectors: Mapping[str, NDArray[np.float32]]) -> Figure:
        means = []
        for concepts, labels in zip(words, self.truth, strict=True):
            cosines = np.stack([vectors[text] for text in concepts]) @ np.stack([vectors[text] for text in labels]).T
            means.append(float(np.minimum(cosines, 1).mean()))
        return Figure(float(np.mean(means)), float(np.std(means)) / math.sqrt(len(means)))


@dataclass(frozen=True, slots=True)
class _Followed:
    """The units of one layer that follow a truth which a concept can name."""

    summary: LayerTruth
    units: tuple[int, ...]
    words: tuple[frozenset[str], ...]
    """Of each of these units, what names the truth that it follows"""

    @classmethod
    def of(cls, reader: RunReader, layer: LayerInfo, known: Sequence[Truth], vocabulary: frozenset[str]) -> Self:
        found = followed(reader.arrays.activations(layer), known)
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
) -> MethodEvaluation:
    evaluation = MethodEvaluation(
        method=method.name,
        title=method.title,
        by_annotation=method.name in BY_ANNOTATION,
        unique=tuple(_unique(layer, neurons) for layer, neurons in concepts.items()),
        truth=tuple(layer.score(concepts[layer.summary.layer]) for layer in layers if layer.units),
    )
    return evaluation if labelled is None else labelled.add(evaluation, concepts[labelled.layer])


def _unique(layer: str, concepts: Sequence[_Concepts]) -> UniqueConcepts:
    annotated = {word for neuron in concepts for word in neuron.annotation}
    bests = {neuron.best for neuron in concepts} - {""}
    return UniqueConcepts(layer, sum(bool(neuron.annotation) for neuron in concepts), len(bests), len(annotated))


def _missing(
    reader: RunReader, final: LayerInfo | None, encoders: Sequence[TextEncoder], known: Sequence[Truth]
) -> Iterator[str]:
    if final is None:
        yield "No layer's units carry class names: no hit rate, F1 or cosine similarity."
    elif not encoders:
        yield "No text encoder was given: no cosine similarity."
    if not known:
        yield f"No label, view or parameter is known of {FEWEST} images or more: hidden layers are not scored."
    elif not reader.parameter_table()[0]:
        yield "No anatomical parameters, which only phantoms have: hidden layers are scored by labels and views alone."
