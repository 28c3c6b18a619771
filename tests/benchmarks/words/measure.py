"""What each method says right on one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.annotation.cuts import Cuts
from engine.evaluation.evaluate import evaluate
from engine.evaluation.results import MethodEvaluation, TruthScores
from engine.evaluation.synonyms import nih14_synonyms
from engine.store.reader import RunReader
from tests.benchmarks.words.rules import BETA, methods_of

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Score:
    """One method on one run with one concept set."""

    films: str
    """The population's seed, or "real" """
    classifier: str
    concept_set: str
    method: str
    units: int
    """Hidden units that follow a truth which a concept of the set can name"""
    hits: float
    """Share of them whose best word names it; NaN for none"""
    chance: float
    """The same share when units of a layer exchange their words"""
    annotation_hits: float
    """Share of them one of whose annotated words names it"""
    final_hits: float
    """Share of the final layer's units whose best word is their class or a synonym; NaN without an answer"""
    final_f1: float
    """F1 of their annotation, or of their best word for methods that the paper scores so, where a synonym counts"""
    exact: tuple[float, float]
    """The same two where the class's own name alone counts"""
    hits_by: dict[str, float]
    """The share of hits where another criterion chooses what a unit follows"""
    by_layer: dict[str, tuple[int, float, float]]
    """Hidden layer -> units, hits, chance"""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(path: Path, films: str, classifier: str) -> list[Score]:
    """The scores of every method with every concept set of a run."""
    scores = []
    with RunReader(path) as reader:
        methods = methods_of(reader)
        for concepts in reader.concept_sets:
            found = evaluate(reader, methods, synonyms=nih14_synonyms(), cuts=Cuts(0.93, BETA, concepts.name))
            scores += [_score(films, classifier, concepts.name, found.layer, each) for each in found.methods]
    return scores


def _score(films: str, classifier: str, concept_set: str, final: str | None, found: MethodEvaluation) -> Score:
    hidden = _hidden(found.truth, final)
    best, labels, exact = found.best_synonyms, found.synonyms, found.labels
    return Score(
        *(films, classifier, concept_set, found.title),
        units=sum(layer.units for layer in hidden),
        hits=_hits(hidden),
        chance=_mean(hidden, [layer.best.chance for layer in hidden]),
        annotation_hits=_mean(hidden, [layer.annotation.hit_rate.mean for layer in hidden]),
        final_hits=best.hit_rate.mean if best else _NAN,
        final_f1=labels.f1.mean if labels else _NAN,
        exact=(found.best.hit_rate.mean if found.best else _NAN, exact.f1.mean if exact else _NAN),
        hits_by={name: _hits(_hidden(layers, final)) for name, layers in found.truth_by.items()},
        by_layer={layer.layer: (layer.units, layer.best.hit_rate.mean, layer.best.chance) for layer in hidden},
    )


def _hidden(layers: Sequence[TruthScores], final: str | None) -> list[TruthScores]:
    return [layer for layer in layers if layer.layer != final]


def _hits(layers: list[TruthScores]) -> float:
    return _mean(layers, [layer.best.hit_rate.mean for layer in layers])


def _mean(layers: list[TruthScores], values: list[float]) -> float:
    """The mean over units of what is known by layer; NaN without units."""
    units = sum(layer.units for layer in layers)
    total = sum(layer.units * value for layer, value in zip(layers, values, strict=True))
    return total / units if units else _NAN
