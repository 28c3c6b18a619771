"""Small run files that know their target model's decisions: outputs, a linear head, films by row, importance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.decisions.outputs import Outcomes
from engine.store.database import append
from engine.store.decision_records import OVER, Over, Probabilities
from engine.store.reader import RunReader
from tests.support.resealed import changed
from tests.support.runs import LABELS, small_run


def decided_run(
    folder: Path,
    *,
    classes: Sequence[str] = (*LABELS, "Edema"),
    probabilities: Probabilities = "sigmoid",
    threshold: float = 0.5,
    seed: int = 0,
    hidden: bool = False,
    **options: object,
) -> Path:
    """A `small_run` with all tables of decisions. Its head reads the first layer, one for one: output = w · a + b.

    The first units of the last layer are named after the classes. The head's weights follow the labels, so that outputs
    are better than chance; "Edema" is no label of the run. `hidden` adds importance of the second layer too.
    """
    path = small_run(folder, seed=seed, **options)  # type: ignore[arg-type]
    decide(path, classes, probabilities, threshold, seed=seed, hidden=hidden)
    return path


def decide(
    path: Path,
    classes: Sequence[str],
    probabilities: Probabilities = "sigmoid",
    threshold: float = 0.5,
    *,
    seed: int = 0,
    hidden: bool = False,
) -> None:
    """Gives a run the tables of decisions, as `decided_run`."""
    with RunReader(path) as reader:
        layer, last, rows = (
            reader.layers[0],
            reader.layers[-1],
            [reader.arrays.activations(each).T for each in reader.layers],
        )
        inputs, (names, carried) = rows[0].astype(np.float64), reader.label_table()
    rng = np.random.default_rng(seed + 5)
    weights = rng.normal(size=(len(classes), layer.units))
    for number, name in enumerate(classes):
        if name in names and (labelled := carried[:, names.index(name)]).any() and not labelled.all():
            weights[number] = 4 * (inputs[labelled].mean(axis=0) - inputs[~labelled].mean(axis=0))
    bias = -(inputs @ weights.T).mean(axis=0)
    outputs = (inputs @ weights.T + bias).astype("<f4")
    if probabilities == "none":
        outputs = (1 / (1 + np.exp(-outputs))).astype("<f4")
    together = np.concatenate(rows, axis=1)
    scales = 2.0 ** np.ceil(np.log2(np.maximum(np.abs(together).max(axis=0), 1e-30) / 32768))
    stored = (together / scales).astype("<f2")
    with changed(path) as connection:
        connection.execute("DELETE FROM decision_facts")
        named = [(name, last.first_neuron + unit) for unit, name in enumerate(classes[: last.units])]
        connection.executemany("UPDATE neurons SET name = ? WHERE neuron = ?", named)
        connection.execute("INSERT INTO decision_facts VALUES (?, ?, '[]')", [probabilities, threshold])
        connection.executemany("INSERT INTO classes VALUES (?, ?)", list(enumerate(classes)))
        arrays = [weights.astype("<f4").tobytes(), bias.astype("<f4").tobytes(), inputs.mean(axis=0).tobytes()]
        append(connection, "heads", [(0, True, layer.units, *arrays, float(scales[0]), 0, 0)])
        connection.executemany("INSERT INTO row_scales VALUES (?, ?)", list(enumerate(scales.tolist())))
        films = [(image, row.tobytes()) for image, row in enumerate(outputs)]
        append(connection, "film_outputs", films)
        films = [(image, row.tobytes()) for image, row in enumerate(stored)]
        append(connection, "film_activations", films)
    add_importance(path, 0, inputs, weights)
    if hidden:
        add_importance(path, 1, rows[1], rng.normal(size=(len(classes), rows[1].shape[1])))


def add_importance(path: Path, layer: int, inputs: np.ndarray, weights: np.ndarray) -> None:
    """The mean of w · a over the films of each kind, as a run keeps it."""
    with RunReader(path) as reader:
        outcomes = Outcomes.of(reader)
    assert outcomes is not None
    with changed(path) as connection:
        for over in OVER:
            for number, row in enumerate(weights):
                films = films_over(outcomes, over, number)
                mean = row * inputs[films].mean(axis=0) if films.any() else np.zeros(len(row))
                values = [layer, number, over, int(films.sum()), mean.astype("<f4").tobytes()]
                append(connection, "importance", [values])


def films_over(outcomes: Outcomes, over: Over, number: int) -> np.ndarray:
    """Which films a mean importance is over, [p]."""
    predicted, labelled = outcomes.predicted[:, number], outcomes.labelled[:, number]
    return {
        "all": np.ones_like(predicted),
        "labelled": labelled,
        "predicted": predicted,
        "true positive": labelled & predicted,
        "false positive": predicted & ~labelled,
        "missed": labelled & ~predicted,
    }[over]


def say_missing(path: Path, *missing: tuple[str, str, str]) -> None:
    """Makes a run say that it lacks something: what, why, and the remedy."""
    with changed(path) as connection:
        connection.execute("DELETE FROM decision_facts")
        connection.execute("INSERT INTO decision_facts VALUES ('sigmoid', 0.5, ?)", [json.dumps(missing)])


def add_maps(path: Path, *, side: int = 4, kept: int = 3, seed: int = 0) -> None:
    """Adds maps of [side, side]: of every class on every film, and of each of the first layer's units on its `kept`
    strongest films. A class's map is 1 in one corner cell, that of its number, and 0 elsewhere, times a film's own
    scale; a unit's is 1 in its bottom right cell."""
    with RunReader(path) as reader:
        images, classes, layer = reader.image_count, len(reader.classes), reader.layers[0]
        strongest = [reader.arrays.ranked(layer.first_neuron + unit, 0, 0)[0][:kept] for unit in range(layer.units)]
    cells = np.zeros((classes, side, side), np.uint8)
    corners = [(0, 0), (0, side - 1), (side - 1, 0), (side - 1, side - 1)]
    for number in range(classes):
        cells[(number, *corners[number % 4])] = 255
    unit = np.zeros((kept, side, side), np.uint8)
    unit[:, -1, -1] = 255
    zeros = np.zeros(max(classes, kept), "<f4")
    with changed(path) as connection:
        connection.execute("UPDATE heads SET map_height = ?, map_width = ?", [side, side])
        rows = [
            (i, zeros[:classes].tobytes(), (zeros[:classes] + i + 1).tobytes(), cells.tobytes()) for i in range(images)
        ]
        append(connection, "film_maps", rows)
        connection.execute("INSERT INTO map_sizes VALUES (0, ?, ?)", [side, side])
        ends = zeros[:kept].tobytes(), (zeros[:kept] + 1).tobytes()
        rows = [
            (layer.first_neuron + number, found.astype("<i4").tobytes(), *ends, unit.tobytes())
            for number, found in enumerate(strongest)
        ]
        append(connection, "unit_maps", rows)
