"""Tables of a run for other programs: CSV, JSON or Parquet, at the run's own α and β or any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.requery import NeuronAnswer, Requery
from engine.store.reader import ImageInfo, LayerInfo, RunReader
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
}
"""What can be exported: its columns, and its rows. `concepts` are the annotations, a row for each."""
