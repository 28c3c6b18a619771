"""Tables of a run for other programs: CSV, JSON or Parquet, at the run's own α and β or any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.evidence.answers import Trust
from engine.evidence.live import Evidence
from engine.methods.panel import Panel
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader
from engine.store.records import ImageInfo, LayerInfo
from engine.store.tables import write_table

Rows = Iterator[tuple[object, ...]]


class Chosen(NamedTuple):
    """At which α and β, and which concepts compete (None: all)."""

    alpha: float
    beta: float
    concept_set: str | None


def export(
    reader: RunReader,
    what: str,
    file_format: str,
    out: Path,
    alpha: float | None = None,
    beta: float | None = None,
    concept_set: str | None = None,
) -> int:
    """Writes one of TABLES to `out` and returns its number of rows.

    α and β are the run's own unless given, and all of the run's concepts compete unless a concept set is named. Raises
    ValueError for an unknown table or format or an α or β outside [0, 1], MammiError for an unknown concept set and
    when `out` cannot be written.
    """
    if what not in TABLES:
        raise ValueError(f"nothing called {what!r} to export: {', '.join(TABLES)}")
    columns, rows_of = TABLES[what]
    own = reader.info
    chosen = Chosen(own.alpha if alpha is None else alpha, own.beta if beta is None else beta, concept_set)
    return write_table(out, file_format, columns, rows_of(reader, chosen))


def _answers(reader: RunReader, chosen: Chosen) -> Iterator[tuple[LayerInfo, NeuronAnswer]]:
    requery = Requery(reader)
    for layer in reader.layers:
        for unit in range(layer.units):
            yield layer, requery.neuron(layer.name, unit, *chosen)


def _neurons(reader: RunReader, chosen: Chosen) -> Rows:
    findings = {layer.name: reader.findings(layer.name) for layer in reader.layers}
    for layer, answer in _answers(reader, chosen):
        ranked = answer.ranking.tolist()
        best = [(reader.concepts[concept], float(answer.scores[concept])) for concept in ranked[:1]]
        yield (
            *(answer.layer, answer.unit, layer.unit_names[answer.unit] if layer.unit_names else None),
            *(answer.alpha, answer.beta, answer.dead, answer.threshold, len(answer.images)),
            *(best[0] if best else (None, None)),
            [reader.concepts[concept] for concept in ranked[: answer.annotated]],
            findings[answer.layer][answer.unit] or None,
        )


def _concepts(reader: RunReader, chosen: Chosen) -> Rows:
    sets: dict[int, list[str]] = {}
    for known in reader.concept_sets:
        for concept in known.concepts:
            sets.setdefault(concept, []).append(known.name)
    for _, answer in _answers(reader, chosen):
        for rank, concept in enumerate(answer.ranking[: answer.annotated].tolist(), start=1):
            yield (
                *(answer.layer, answer.unit, answer.alpha, answer.beta, rank),
                *(reader.concepts[concept], float(answer.scores[concept]), sets.get(concept, [])),
            )


def _representatives(reader: RunReader, chosen: Chosen) -> Rows:
    known: dict[int, ImageInfo] = {}
    for _, answer in _answers(reader, chosen):
        images = answer.images.tolist()
        new = [image for image in images if image not in known]
        known.update(zip(new, reader.images(new), strict=True))
        for rank, (image, activation) in enumerate(zip(images, answer.activations.tolist(), strict=True), start=1):
            film = known[image]
            yield (
                *(answer.layer, answer.unit, answer.alpha, rank, image, film.path, film.patient),
                *(list(film.labels), activation),
            )


def _evidence(reader: RunReader, chosen: Chosen) -> Rows:
    requery = Requery(reader)
    evidence = Evidence(reader, requery)
    for layer in reader.layers:
        answer, found = requery.layer(layer.name, *chosen), evidence.layer(layer.name, *chosen)
        for unit in range(layer.units):
            yield (
                *(layer.name, unit, layer.unit_names[unit] if layer.unit_names else None, chosen.alpha, chosen.beta),
                *(Trust(int(found.trust[unit])).name.lower(), int(answer.counts[unit])),
                *(_concept(reader, answer.best[unit]), _concept(reader, found.centred_best[unit])),
                *(bool(found.two_groups[unit]), found.labels[unit] or None),
                *(_known(getattr(found, figure)[unit]) for figure in _FIGURES.values()),
            )


def _methods(reader: RunReader, chosen: Chosen) -> Rows:
    panel = Panel(reader, Requery(reader))
    for layer in reader.layers:
        for unit in range(layer.units):
            for method in panel.methods:
                answer = method.neuron(layer.name, unit, *chosen)
                for place in range(told(answer.annotated, len(answer.concepts))):
                    yield (
                        *(layer.name, unit, chosen.alpha, chosen.beta, method.name, place + 1, answer.concepts[place]),
                        *(float(answer.scores[place]), place < answer.annotated),
                        None if answer.p_values is None else _known(answer.p_values[place]),
                        answer.details[place] or None if answer.details else None,
                    )


def told(annotated: int, concepts: int) -> int:
    """How many of a neuron's concepts are told where not all can be: the annotation, and the first ten at least."""
    return max(annotated, min(concepts, 10))


def _concept(reader: RunReader, concept: int) -> str | None:
    return None if concept < 0 else reader.concepts[concept]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_FIGURES = {
    "z_score": "z_scores",
    "p_value": "p_values",
    "q_value": "q_values",
    "margin": "margins",
    "change_chance": "change_chances",
    "alpha_low": "alpha_lows",
    "alpha_high": "alpha_highs",
    "half_agreement": "half_agreements",
    "template_agreement": "template_agreements",
    "tightness": "tightness",
    "label_q_value": "label_q_values",
    "patient_share": "patient_shares",
    "view_share": "view_shares",
    "label_share": "label_shares",
}
"""The columns of LayerEvidence that are numbers, by what one neuron's is called"""
_NEURON = {"layer": "VARCHAR", "unit": "INTEGER"}
TABLES: dict[str, tuple[dict[str, str], Callable[[RunReader, Chosen], Rows]]] = {
    "neurons": (
        {
            **_NEURON,
            "name": "VARCHAR",
            "alpha": "DOUBLE",
            "beta": "DOUBLE",
            "dead": "BOOLEAN",
            "threshold": "DOUBLE",
            "representatives": "INTEGER",
            "best_concept": "VARCHAR",
            "best_score": "DOUBLE",
            "annotation": "VARCHAR[]",
            "finding": "VARCHAR",
        },
        _neurons,
    ),
    "concepts": (
        {
            **_NEURON,
            "alpha": "DOUBLE",
            "beta": "DOUBLE",
            "rank": "INTEGER",
            "concept": "VARCHAR",
            "score": "DOUBLE",
            "concept_sets": "VARCHAR[]",
        },
        _concepts,
    ),
    "representatives": (
        {
            **_NEURON,
            "alpha": "DOUBLE",
            "rank": "INTEGER",
            "image": "INTEGER",
            "path": "VARCHAR",
            "patient": "VARCHAR",
            "labels": "VARCHAR[]",
            "activation": "FLOAT",
        },
        _representatives,
    ),
    "evidence": (
        {
            **_NEURON,
            "name": "VARCHAR",
            "alpha": "DOUBLE",
            "beta": "DOUBLE",
            "trust": "VARCHAR",
            "representatives": "INTEGER",
            "best_concept": "VARCHAR",
            "centred_best": "VARCHAR",
            "two_groups": "BOOLEAN",
            "label": "VARCHAR",
            **dict.fromkeys(_FIGURES, "DOUBLE"),
        },
        _evidence,
    ),
    "methods": (
        {
            **_NEURON,
            "alpha": "DOUBLE",
            "beta": "DOUBLE",
            "method": "VARCHAR",
            "rank": "INTEGER",
            "concept": "VARCHAR",
            "score": "DOUBLE",
            "annotated": "BOOLEAN",
            "p_value": "DOUBLE",
            "detail": "VARCHAR",
        },
        _methods,
    ),
}
"""What can be exported: its columns, and its rows. `concepts` are the annotations, a row for each; `methods` the
annotations of every method, or its first concepts where these are more."""
