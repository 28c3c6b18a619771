"""Scores a run's methods by class labels, by the truth recorded about its images, and by how many concepts they use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.annotation.cuts import Cuts
from engine.evaluation.attribute_truths import truths_of
from engine.evaluation.concepts import Concepts, among_labels, concepts_of, speaks
from engine.evaluation.followed import Followed
from engine.evaluation.labels import LabelScorer, TextEncoder, final_layer
from engine.evaluation.results import (
    Evaluation,
    MethodEvaluation,
    NamedNeuron,
    Ties,
    TruthScores,
    UniqueConcepts,
)
from engine.evaluation.synonyms import Synonyms
from engine.evaluation.truth import CRITERIA, CRITERION, FEWEST, Criterion, Truth
from engine.methods.base import Method
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
    labels = frozenset(map(compared, reader.label_table()[0]))
    recorded = truths_of(reader)
    layers = [Followed.of(reader, layer, recorded, vocabulary) for layer in reader.layers] if recorded else []
    concepts = concepts_of(reader, methods, cuts, progress)
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

    def add(self, evaluation: MethodEvaluation, concepts: Sequence[Concepts]) -> MethodEvaluation:
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

    def _ties(self, concepts: Sequence[Concepts]) -> Ties | None:
        tied = sum(len(neuron.equals) > 1 for neuron in concepts)
        hits = [
            sum(concept in labels for concept in neuron.equals) / max(len(neuron.equals), 1)
            for neuron, labels in zip(concepts, self.scorer.truth, strict=True)
        ]
        return Ties(tied, sum(hits) / len(hits)) if tied else None


def _evaluated(
    method: Method,
    concepts: Mapping[str, Sequence[Concepts]],
    labelled: _Labelled | None,
    layers: Sequence[Followed],
    labels: frozenset[str],
) -> MethodEvaluation:
    evaluation = MethodEvaluation(
        method=method.name,
        title=method.title,
        by_annotation=method.name in BY_ANNOTATION,
        among_labels=among_labels(method, concepts, labels),
        unique=tuple(_unique(layer, neurons) for layer, neurons in concepts.items()),
        truth=_truth(concepts, layers, CRITERION),
        truth_by={name: _truth(concepts, layers, name) for name in CRITERIA if name != CRITERION and layers},
    )
    if labelled is None or not speaks(concepts[labelled.layer]):
        return evaluation
    return labelled.add(evaluation, concepts[labelled.layer])


def _truth(
    concepts: Mapping[str, Sequence[Concepts]], layers: Sequence[Followed], criterion: Criterion
) -> tuple[TruthScores, ...]:
    speaking = [layer for layer in layers if layer.named(criterion) and speaks(concepts[layer.summary.layer])]
    return tuple(layer.score(concepts[layer.summary.layer], criterion) for layer in speaking)


def _unique(layer: str, concepts: Sequence[Concepts]) -> UniqueConcepts:
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
        yield f"No truth (such as a label) is recorded for {FEWEST} images or more: hidden layers are not scored."
    elif not reader.parameter_table()[0]:
        yield "No anatomical parameters, which only phantoms have: hidden layers are scored without them."
