"""Writes what annotations are judged by: other templates, captions and methods."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np

from engine.errors import MammiError
from engine.store.contents import RunContents
from engine.store.database import Connection, append, insert_summed, text
from engine.store.records import MethodScore


def write_texts(connection: Connection, run: RunContents) -> None:
    """The other templates with the concepts in each, the concepts without a template, and the captions."""
    count = len(run.concepts)
    for place, other in enumerate(run.other_templates):
        template = {
            "place": np.array([place]),
            "template": _texts([other.template]),
            "embedding": other.embedding[None],
        }
        insert_summed(connection, "other_templates", template)
        if count:
            places, concepts = np.full(count, place), np.arange(count)
            columns = {"place": places, "concept": concepts, "embedding": other.text_embeddings}
            insert_summed(connection, "other_texts", columns)
    if run.bare_embeddings is not None and count:
        insert_summed(connection, "bare_texts", {"concept": np.arange(count), "embedding": run.bare_embeddings})
    if run.caption_embeddings is not None and len(run.captions):
        numbers = np.arange(len(run.captions))
        columns = {"caption": numbers, "text": _texts(run.captions), "embedding": run.caption_embeddings}
        insert_summed(connection, "captions", columns)


def write_methods(connection: Connection, run: RunContents) -> None:
    """The methods with their options, and the scores of the computed ones; the layers are written already.

    Raises MammiError for a score that is not finite, and ValueError for a score of a neuron that the run does not have.
    """
    layers = connection.execute("SELECT name, first_neuron, units FROM layers").fetchall()
    neurons = {name: range(first, first + units) for name, first, units in layers}
    for number, method in enumerate(run.methods):
        row = [number, method.name, json.dumps(dict(method.options))]
        connection.execute("INSERT INTO methods VALUES (?, ?, ?)", row)
    for name, scores in run.method_scores.items():
        append(connection, "method_scores", _score_rows(name, scores, neurons))


def _score_rows(method: str, scores: Sequence[MethodScore], neurons: dict[str, range]) -> list[tuple[object, ...]]:
    """The rows of method_scores, by neuron and then by descending score."""
    of_neuron: dict[int, list[MethodScore]] = {}
    for score in scores:
        if not 0 <= score.unit < len(neurons.get(score.layer, ())):
            raise ValueError(f"{method}: the run has no neuron {score.layer}:{score.unit}")
        if not math.isfinite(score.score):
            raise MammiError(f"methods.{method}: the score of {score.layer}:{score.unit} is not a finite number.")
        of_neuron.setdefault(neurons[score.layer][score.unit], []).append(score)
    return [
        (method, neuron, place, text(score.concept), score.score, score.p_value, text(score.detail))
        for neuron in sorted(of_neuron)
        for place, score in enumerate(sorted(of_neuron[neuron], key=lambda score: -score.score))
    ]


def _texts(values: Sequence[str]) -> np.ndarray:
    return np.array([text(value) for value in values], dtype=object)
