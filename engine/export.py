"""Writes tables of a run for other programs, as CSV, JSON or Parquet, at any cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.annotation.cuts import Cuts
from engine.decisions.audit import table as audit_table
from engine.decisions.audit.live import Audit
from engine.decisions.outputs import Outcomes, kind_of
from engine.errors import MammiError
from engine.evidence.columns import COLUMNS
from engine.evidence.live import Evidence
from engine.evidence.written import SQL_TYPES, number_or_none, plain
from engine.methods.panel import Panel
from engine.requery import NeuronAnswer, Requery
from engine.store.decision_records import OVER
from engine.store.reader import RunReader
from engine.store.records import ImageInfo, LayerInfo
from engine.store.tables import write_table

Rows = Iterator[tuple[object, ...]]


def export(reader: RunReader, what: str, file_format: str, out: Path, cuts: Cuts | None = None) -> int:
    """Writes one of TABLES at some cuts, by default the run's own, and returns its number of rows.

    Where the run has layers whose units are random, a last column `untrained` says why; it is empty for other layers.
    Raises ValueError for an unknown table or format, MammiError for an unknown concept set, and OSError when `out`
    cannot be written.
    """
    if what not in TABLES:
        raise ValueError(f"there is no table {what!r} to export; there are {', '.join(TABLES)}")
    columns, rows_of = TABLES[what]
    rows = rows_of(reader, cuts or reader.info.cuts)
    untrained = {layer.name: layer.untrained or None for layer in reader.layers}
    if any(untrained.values()) and "layer" in columns:
        columns = {**columns, "untrained": "VARCHAR"}
        place = list(columns).index("layer")
        rows = ((*row, untrained.get(str(row[place]))) for row in rows)
    return write_table(out, file_format, columns, rows)


def _cuts(cuts: Cuts) -> tuple[object, ...]:
    return cuts.alpha, cuts.beta, cuts.ranking, str(cuts.selection)


def _answers(reader: RunReader, cuts: Cuts) -> Iterator[tuple[LayerInfo, NeuronAnswer]]:
    requery = Requery(reader)
    for layer in reader.layers:
        for unit in range(layer.units):
            yield layer, requery.neuron(layer.name, unit, cuts)


def _neurons(reader: RunReader, cuts: Cuts) -> Rows:
    findings = {layer.name: reader.findings(layer.name) for layer in reader.layers}
    for layer, answer in _answers(reader, cuts):
        ranked = answer.ranking.tolist()
        best = [
            (reader.concepts[concept], float(answer.scores[concept]), float(answer.z_scores[concept]))
            for concept in ranked[:1]
        ]
        yield (
            *(answer.layer, answer.unit, layer.unit_names[answer.unit] if layer.unit_names else None),
            *(*_cuts(cuts), answer.dead, answer.threshold, len(answer.images)),
            *(best[0] if best else (None, None, None)),
            [reader.concepts[concept] for concept in ranked[: answer.annotated]],
            findings[answer.layer][answer.unit] or None,
        )


def _concepts(reader: RunReader, cuts: Cuts) -> Rows:
    sets: dict[int, list[str]] = {}
    for concept_set in reader.concept_sets:
        for concept in concept_set.concepts:
            sets.setdefault(concept, []).append(concept_set.name)
    for _, answer in _answers(reader, cuts):
        for rank, concept in enumerate(answer.ranking[: answer.annotated].tolist(), start=1):
            yield (
                *(answer.layer, answer.unit, *_cuts(cuts), rank, reader.concepts[concept]),
                *(float(answer.scores[concept]), float(answer.z_scores[concept]), sets.get(concept, [])),
            )


def _representatives(reader: RunReader, cuts: Cuts) -> Rows:
    infos: dict[int, ImageInfo] = {}
    for _, answer in _answers(reader, cuts):
        images = answer.images.tolist()
        new = [image for image in images if image not in infos]
        infos.update(zip(new, reader.images(new), strict=True))
        for rank, (image, activation) in enumerate(zip(images, answer.activations.tolist(), strict=True), start=1):
            info = infos[image]
            yield (
                *(answer.layer, answer.unit, cuts.alpha, str(cuts.selection), rank, image, info.path, info.patient),
                *(list(info.labels), activation),
            )


def _evidence(reader: RunReader, cuts: Cuts) -> Rows:
    evidence = Evidence(reader, Requery(reader))
    for layer in reader.layers:
        found = evidence.layer(layer.name, cuts)
        for unit in range(layer.units):
            yield (
                *(layer.name, unit, layer.unit_names[unit] if layer.unit_names else None, *_cuts(cuts)),
                *(plain(column.written, found[column][unit], reader.concepts) for column in _FIGURES),
            )


def _methods(reader: RunReader, cuts: Cuts) -> Rows:
    panel = Panel(reader, Requery(reader))
    for layer in reader.layers:
        for unit in range(layer.units):
            for method in panel.methods:
                answer = method.neuron(layer.name, unit, cuts)
                for place in range(listed(answer.annotated, len(answer.concepts))):
                    yield (
                        *(layer.name, unit, *_cuts(cuts), method.name, place + 1, answer.concepts[place]),
                        *(float(answer.scores[place]), place < answer.annotated),
                        None if answer.p_values is None else number_or_none(answer.p_values[place]),
                        answer.details[place] or None if answer.details else None,
                    )


def _importance(reader: RunReader, cuts: Cuts) -> Rows:  # noqa: ARG001
    _held(reader, bool(reader.important_layers), "importance", "outputs")
    for position in reader.important_layers:
        layer = reader.layers[position]
        for over in OVER:
            found = reader.importance(position, over)
            for number, films in enumerate([] if found is None else found.films.tolist()):
                means = found.means[number].tolist() if found else []
                for unit, mean in enumerate(means if films else []):
                    yield reader.classes[number], layer.name, unit, over, films, mean


def _outputs(reader: RunReader, cuts: Cuts) -> Rows:  # noqa: ARG001
    outcomes, outputs = Outcomes.of(reader), reader.outputs
    _held(reader, outcomes is not None, "outputs")
    if outcomes is None or outputs is None:
        return
    known = outcomes.known.tolist()
    figures = (outputs, outcomes.probabilities, outcomes.predicted, outcomes.labelled)
    for image, path in enumerate(reader.paths()):
        of_classes = zip(outcomes.classes, known, *(each[image].tolist() for each in figures), strict=True)
        for name, is_label, output, probability, predicted, labelled in of_classes:
            known_as = (labelled, kind_of(predicted, labelled)) if is_label else (None, None)
            yield (image, path, name, number_or_none(output), number_or_none(probability), predicted, *known_as)


def _audit(reader: RunReader, cuts: Cuts) -> Rows:  # noqa: ARG001
    if not reader.has_attributes:
        raise MammiError(
            "the run records no attributes of its films. [probing.attributes] names columns that hold them."
        )
    return audit_table.rows(Audit(reader, Outcomes.of(reader)), reader)


def _held(reader: RunReader, held: bool, *what: str) -> None:
    """Raises MammiError, which says what adds it, where a run does not hold something."""
    if not held:
        said = [f"{each.why} {each.remedy} adds it." for each in reader.missing if each.what in what]
        raise MammiError(" ".join([f"the run holds no {what[0]}.", *said[:1]]))


def listed(annotated: int, concepts: int) -> int:
    """How many of a neuron's concepts a list of limited length shows: the annotation, and at least the first ten."""
    return max(annotated, min(concepts, 10))


_FIGURES = [column for column in COLUMNS if column.in_table]
_CUTS = {"alpha": "DOUBLE", "beta": "DOUBLE", "ranking": "VARCHAR", "selection": "VARCHAR"}
_NEURON = {"layer": "VARCHAR", "unit": "INTEGER"}
TABLES: dict[str, tuple[dict[str, str], Callable[[RunReader, Cuts], Rows]]] = {
    "neurons": (
        {
            **_NEURON,
            "name": "VARCHAR",
            **_CUTS,
            "dead": "BOOLEAN",
            "threshold": "DOUBLE",
            "representatives": "INTEGER",
            "best_concept": "VARCHAR",
            "best_score": "DOUBLE",
            "best_z": "DOUBLE",
            "annotation": "VARCHAR[]",
            "finding": "VARCHAR",
        },
        _neurons,
    ),
    "concepts": (
        {
            **_NEURON,
            **_CUTS,
            "rank": "INTEGER",
            "concept": "VARCHAR",
            "score": "DOUBLE",
            "z": "DOUBLE",
            "concept_sets": "VARCHAR[]",
        },
        _concepts,
    ),
    "representatives": (
        {
            **_NEURON,
            "alpha": "DOUBLE",
            "selection": "VARCHAR",
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
            **_CUTS,
            **{column.name: SQL_TYPES[column.written] for column in _FIGURES},
        },
        _evidence,
    ),
    "methods": (
        {
            **_NEURON,
            **_CUTS,
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
    "importance": (
        {
            "class": "VARCHAR",
            **_NEURON,
            "over": "VARCHAR",
            "films": "INTEGER",
            "mean": "DOUBLE",
        },
        _importance,
    ),
    "outputs": (
        {
            "image": "INTEGER",
            "path": "VARCHAR",
            "class": "VARCHAR",
            "output": "DOUBLE",
            "probability": "DOUBLE",
            "predicted": "BOOLEAN",
            "label": "BOOLEAN",
            "kind": "VARCHAR",
        },
        _outputs,
    ),
    "audit": (audit_table.COLUMNS, _audit),
}
"""The columns and the rows of each table. `concepts` has a row for each annotated concept; `methods` has the concepts
that `listed` counts, of every method; `importance` a row for each class, unit and kind of films (engine.store.
decision_records.OVER) that has films; `outputs` a row for each image and class; its label and kind are empty where the
class is no label. `audit` is long: a row for each figure of a class or a unit and a trait."""
