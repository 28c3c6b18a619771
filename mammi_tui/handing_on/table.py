"""Tables of what is on screen, for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.annotation.cuts import Cuts
from engine.decisions.examples import STRONGEST, Examples
from engine.evidence.columns import TRUST
from engine.evidence.details import Trust
from engine.requery import NeuronAnswer
from engine.store.reader import RunReader
from mammi_tui.neurons.marks import VERDICT_WORDS
from mammi_tui.neurons.rows import LAYER_LINE, Neuron, NeuronRows

FORMATS = {"c": "csv", "j": "json", "p": "parquet"}
"""By the letter that chooses it"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for engine.store.tables.write_table. Their texts are as they came."""

    what: str
    """One word: what a row is about, in the plural"""
    columns: Mapping[str, str]
    """Name -> DuckDB type"""
    rows: Sequence[tuple[object, ...]]
    about: str = ""
    """What it is about, for the file's name; "" for the neuron or the image in its first columns"""

    def of(self, layer: str, unit: int, cuts: Cuts) -> Table:
        """The table with the neuron and the cuts in its first columns."""
        first = (layer, unit, *cuts.as_fields().values())
        return Table(self.what, {**_ABOUT, **self.columns}, [(*first, *row) for row in self.rows])


CUTS = {
    "alpha": "DOUBLE", "beta": "DOUBLE", "concept_set": "VARCHAR", "ranking": "VARCHAR", "selection": "VARCHAR",
}  # fmt: skip
"""The columns of Cuts.as_fields"""
_ABOUT = {"layer": "VARCHAR", "unit": "INTEGER", **CUTS}
_NEURONS = {
    **_ABOUT,
    "name": "VARCHAR",
    "dead": "BOOLEAN",
    "best_concept": "VARCHAR",
    "best_score": "DOUBLE",
    "best_z": "DOUBLE",
    "representatives": "INTEGER",
    "annotation": "VARCHAR[]",
    "finding": "VARCHAR",
    "trust": "VARCHAR",
    "verdict": "VARCHAR",
    "hollow": "BOOLEAN",
    "own_label": "VARCHAR",
    "note": "VARCHAR",
    "other_readers": "VARCHAR[]",
    "settled": "VARCHAR",
}


def neurons_on_screen(rows: NeuronRows, concepts: Sequence[str]) -> Table:
    """The neurons of the tree, in its order: those that the filter leaves, or those of the open layers."""
    lines = (rows.at(line) for line in range(len(rows)))
    found = [row_of(rows, neuron, concepts) for neuron in lines if neuron.unit != LAYER_LINE]
    return Table("neurons", _NEURONS, found)


def row_of(rows: NeuronRows, neuron: Neuron, concepts: Sequence[str]) -> tuple[object, ...]:
    """A neuron's row in the table of neurons. What is not computed yet, or not at the present cuts, is None."""
    answer, evidence = rows.answers[neuron.layer], rows.evidence[neuron.layer]
    judgement = rows.judgements.get(neuron)
    label, note = (judgement.label, judgement.note) if judgement else (None, None)
    verdict = rows.verdict_of(neuron)
    numbers: tuple[object, ...] = (None,) * 5
    cuts: tuple[object, ...] = (None,) * len(CUTS)
    if answer is not None:
        best, unit = int(answer.best[neuron.unit]), neuron.unit
        named: tuple[object, ...] = (None, None, None)
        if best >= 0:
            named = (concepts[best], float(answer.best_scores[unit]), float(answer.best_z[unit]))
        words = [concepts[concept] for concept in answer.words.of_unit(unit)]
        numbers = (*named, int(answer.counts[unit]), words)
        cuts = tuple(answer.cuts.as_fields().values())
    graded = evidence is not None and not rows.evidence_is_stale(neuron.layer)
    return (
        *(rows.layers[neuron.layer].name, neuron.unit, *cuts, rows.class_of(neuron) or None, rows.is_dead(neuron)),
        *(*numbers, rows.findings[neuron.layer][neuron.unit] or None),
        Trust(int(evidence[TRUST][neuron.unit])).name.lower() if graded and evidence is not None else None,
        *(VERDICT_WORDS[verdict] if verdict else None, rows.is_hollow(neuron) if verdict else None),
        *(label.deed.text if label else None, note.deed.text if note else None, *_of_others(rows, neuron)),
    )


def _of_others(rows: NeuronRows, neuron: Neuron) -> tuple[list[str] | None, str | None]:
    """What other readers say of a neuron, and what settles it; None for both while other readers are hidden."""
    if not rows.others:
        return None, None
    verdicts = {reader: said[neuron].verdict for reader, said in sorted(rows.others.items()) if neuron in said}
    found = rows.compared.get(neuron)
    settled = found.settled.verdict if found and found.settled else None
    return (
        [f"{reader}: {VERDICT_WORDS[line.verdict]}" for reader, line in verdicts.items() if line and line.verdict],
        VERDICT_WORDS[settled] if settled else None,
    )


def films_of(reader: RunReader, answer: NeuronAnswer, found: Examples | None = None) -> Table:
    """The representative images of a neuron, the highest activation first; or with `found`, those of another range.
    Reads the run file."""
    columns = {
        "rank": "INTEGER",
        "image": "INTEGER",
        "path": "VARCHAR",
        "patient": "VARCHAR",
        "labels": "VARCHAR[]",
        "activation": "DOUBLE",
        "range": "VARCHAR",
    }
    films = found or answer
    named = found.range.name if found else STRONGEST.name
    ranks: Sequence[int] = found.ranks.tolist() if found else range(1, len(answer.images) + 1)
    rows = [
        (rank, info.image, info.path, info.patient, list(info.labels), activation, named)
        for rank, info, activation in zip(
            ranks, reader.images(films.images.tolist()), films.activations.tolist(), strict=True
        )
    ]
    return Table("films", columns, rows)
