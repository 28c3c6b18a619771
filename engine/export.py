"""Tables of a run for other programs: CSV, JSON or Parquet, at the run's own α and β or any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.requery import NeuronAnswer, Requery
from engine.store.reader import ImageInfo, LayerInfo, RunReader
from engine.store.tables import write_table

Rows = Iterator[tuple[object, ...]]


def export(
    reader: RunReader, what: str, file_format: str, out: Path, alpha: float | None = None, beta: float | None = None
) -> int:
    """Writes one of TABLES to `out` and returns its number of rows. α and β are the run's own unless given.

    Raises ValueError for an unknown table or format or an α or β outside [0, 1], MammiError when `out` cannot be
    written.
    """
    if what not in TABLES:
        raise ValueError(f"nothing called {what!r} to export: {', '.join(TABLES)}")
    columns, rows_of = TABLES[what]
    chosen = (reader.info.alpha if alpha is None else alpha, reader.info.beta if beta is None else beta)
    return write_table(out, file_format, columns, rows_of(reader, *chosen))


def _answers(reader: RunReader, alpha: float, beta: float) -> Iterator[tuple[LayerInfo, NeuronAnswer]]:
    requery = Requery(reader)
    for layer in reader.layers:
        for unit in range(layer.units):
            yield layer, requery.neuron(layer.name, unit, alpha, beta)


def _annotation(reader: RunReader, answer: NeuronAnswer) -> list[tuple[str, float]]:
    chosen = answer.ranking[: answer.annotated].tolist()
    return [(reader.concepts[concept], float(answer.scores[concept])) for concept in chosen]


def _neurons(reader: RunReader, alpha: float, beta: float) -> Rows:
    findings = {layer.name: reader.findings(layer.name) for layer in reader.layers}
    for layer, answer in _answers(reader, alpha, beta):
        best = [(reader.concepts[concept], float(answer.scores[concept])) for concept in answer.ranking[:1].tolist()]
        yield (
            *(answer.layer, answer.unit, layer.unit_names[answer.unit] if layer.unit_names else None),
            *(alpha, beta, answer.dead, answer.threshold, len(answer.images)),
            *(best[0] if best else (None, None)),
            [concept for concept, _ in _annotation(reader, answer)],
            findings[answer.layer][answer.unit] or None,
        )


def _concepts(reader: RunReader, alpha: float, beta: float) -> Rows:
    for _, answer in _answers(reader, alpha, beta):
        for rank, (concept, score) in enumerate(_annotation(reader, answer), start=1):
            yield answer.layer, answer.unit, alpha, beta, rank, concept, score


def _representatives(reader: RunReader, alpha: float, beta: float) -> Rows:
    known: dict[int, ImageInfo] = {}
    for _, answer in _answers(reader, alpha, beta):
        images = answer.images.tolist()
        new = [image for image in images if image not in known]
        known.update(zip(new, reader.images(new), strict=True))
        for rank, (image, activation) in enumerate(zip(images, answer.activations.tolist(), strict=True), start=1):
            film = known[image]
            yield (
                *(answer.layer, answer.unit, alpha, rank, image, film.path, film.patient),
                *(list(film.labels), activation),
            )


_NEURON = {"layer": "VARCHAR", "unit": "INTEGER"}
TABLES: dict[str, tuple[dict[str, str], Callable[[RunReader, float, float], Rows]]] = {
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
"""What can be exported: its columns, and its rows at some α and β. `concepts` are the annotations, a row for each."""
