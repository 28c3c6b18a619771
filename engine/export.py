"""Tables of a run for other programs: CSV, JSON or Parquet, at the run's own α and β or any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.evidence.answers import Trust
from engine.evidence.live import Evidence
from engine.methods.panel import Panel
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader
from engine.store.records import ImageInfo, LayerInfo
from engine.store.tables import write_table

Rows = Iterator[tuple[object, ...]]


def export(reader: RunReader, what: str, file_format: str, out: Path, cuts: Cuts | None = None) -> int:
    """Writes one of TABLES, at the run's own cuts unless others are given, and returns its number of rows.

    Raises ValueError for an unknown table or format, MammiError for an unknown concept set and when `out` cannot be
    written.
    """
    if what not in TABLES:
        raise ValueError(f"nothing called {what!r} to export: {', '.join(TABLES)}")
    columns, rows_of = TABLES[what]
    return write_table(out, file_format, columns, rows_of(reader, cuts or reader.info.cuts))


def _answers(reader: RunReader, cuts: Cuts) -> Iterator[tuple[LayerInfo, NeuronAnswer]]:
    requery = Requery(reader)
    for layer in reader.layers:
        for unit in range(layer.units):
            yield layer, requery.neuron(layer.name, unit, cuts)


def _neurons(reader: RunReader, cuts: Cuts) -> Rows:
    findings = {layer.name: reader.findings(layer.name) for layer in reader.layers}
    for layer, answer in _answers(reader, cuts):
        ranked = answer.ranking.tolist()
        best = [(reader.concepts[concept], float(answer.scores[concept])) for concept in ranked[:1]]
        yield (
            *(answer.layer, answer.unit, layer.unit_names[answer.unit] if layer.unit_names else None),
            *(cuts.alpha, cuts.beta, answer.dead, answer.threshold, len(answer.images)),
            *(best[0] if best else (None, None)),
            [reader.concepts[concept] for concept in ranked[: answer.annotated]],
            findings[answer.layer][answer.unit] or None,
        )


def _concepts(reader: RunReader, cuts: Cuts) -> Rows:
    sets: dict[int, list[str]] = {}
    for known in reader.concept_sets:
        for concept in known.concepts:
            sets.setdefault(concept, []).append(known.name)
    for _, answer in _answers(reader, cuts):
        for rank, concept in enumerate(answer.ranking[: answer.annotated].tolist(), start=1):
            yield (
                *(answer.layer, answer.unit, cuts.alpha, cuts.beta, rank),
                *(reader.concepts[concept], float(answer.scores[concept]), sets.get(concept, [])),
            )


def _representatives(reader: RunReader, cuts: Cuts) -> Rows:
    known: dict[int, ImageInfo] = {}
    for _, answer in _answers(reader, cuts):
        images = answer.images.tolist()
        new = [image for image in images if image not in known]
        known.update(zip(new, reader.images(new), strict=True))
        for rank, (image, activation) in enumerate(zip(images, answer.activations.tolist(), strict=True), start=1):
            film = known[image]
            yield (
                *(answer.layer, answer.unit, cuts.alpha, rank, image, film.path, film.patient),
                *(list(film.labels), activation),
            )


def _evidence(reader: RunReader, cuts: Cuts) -> Rows:
    requery = Requery(reader)
    evidence = Evidence(reader, requery)
    for layer in reader.layers:
        answer, found = requery.layer(layer.name, cuts), evidence.layer(layer.name, cuts)
        for unit in range(layer.units):
            yield (
                *(layer.name, unit, layer.unit_names[unit] if layer.unit_names else None, cuts.alpha, cuts.beta),
                *(Trust(int(found.trust[unit])).name.lower(), int(answer.counts[unit])),
                *(_concept(reader, answer.best[unit]), _concept(reader, found.centred_best[unit])),
                *(bool(found.two_groups[unit]), found.labels[unit] or None),
                *(_known(getattr(found, figure)[unit]) for figure in _FIGURES.values()),
            )


def _methods(reader: RunReader, cuts: Cuts) -> Rows:
    panel = Panel(reader, Requery(reader))
    for layer in reader.layers:
        for unit in range(layer.units):
            for method in panel.methods:
                answer = method.neuron(layer.name, unit, cuts)
                for place in range(told(answer.annotated, len(answer.concepts))):
                    yield (
                        *(layer.name, unit, cuts.alpha, cuts.beta, method.name, place + 1, answer.concepts[place]),
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
TABLES: dict[str, tuple[dict[str, str], Callable[[RunReader, Cuts], Rows]]] = {
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
