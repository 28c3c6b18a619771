"""Writes one layer: sorted activations in blocks, the ladder of partial sums, and the run's own answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, selection
from engine.annotation.standing import Moments
from engine.store.contents import RunContents
from engine.store.database import Connection, insert, text
from engine.store.ladder import inverse_lengths, rungs, sum_rows
from engine.store.schema import BLOCK

_UNITS_AT_ONCE = 16


class LayerWriter:
    """Writes the layers of a run one after the other; holds the embeddings [p, d] of the usable images."""

    def __init__(
        self, connection: Connection, run: RunContents, embeddings: NDArray[np.float32], moments: Moments
    ) -> None:
        """`moments` are those of all concepts over the usable images."""
        self._connection = connection
        self._run = run
        self._embeddings = embeddings
        self._inverse_lengths = inverse_lengths(embeddings)
        self._rungs = rungs(len(embeddings))
        self._directions = scoring.concept_directions(run.text_embeddings, run.template_embedding)
        self._moments = moments
        self._labels = _labels_of_usable(connection)
        self._first_neuron = 0

    def write(self, index: int, activations: NDArray[np.float32], progress: Callable[[str, int, int], None]) -> None:
        """Writes layer `index` of the run from its activations [p, units].

        Raises ValueError when the number of unit names is not that of the units.
        """
        layer = self._run.layers[index]
        units = activations.shape[1]
        if layer.unit_names and len(layer.unit_names) != units:
            raise ValueError(f"layer {layer.name}: {len(layer.unit_names)} unit names for {units} units")
        row = [index, layer.name, layer.pooling, units, self._first_neuron, text(layer.untrained)]
        self._connection.execute("INSERT INTO layers VALUES (?, ?, ?, ?, ?, ?)", row)
        for start in range(0, units, _UNITS_AT_ONCE):
            some = np.arange(start, min(start + _UNITS_AT_ONCE, units))
            columns = np.ascontiguousarray(activations[:, some].T)
            order = np.argsort(-columns, axis=1, kind="stable").astype(np.int32)
            ranked = np.take_along_axis(columns, order, axis=1)
            self._write_blocks(self._first_neuron + some, order, ranked)
            self._write_ladder(self._first_neuron + some, order)
            self._write_answers(index, some, order, ranked)
            progress(layer.name, int(some[-1]) + 1, units)
        self._first_neuron += units

    def _write_blocks(self, neurons: NDArray[np.int64], order: NDArray[np.int32], ranked: NDArray[np.float32]) -> None:
        blocks = -(-order.shape[1] // BLOCK)
        missing = ((0, 0), (0, blocks * BLOCK - order.shape[1]))
        images = np.pad(order, missing, constant_values=-1).reshape(-1, BLOCK)
        values = np.pad(ranked, missing, mode="edge").reshape(-1, BLOCK)
        columns: dict[str, NDArray[Any]] = {
            "neuron": np.repeat(neurons.astype(np.int32), blocks),
            "block": np.tile(np.arange(blocks, dtype=np.int32), len(neurons)),
            "top": values[:, 0].copy(),
            "images": images,
            "activations": values,
        }
        insert(self._connection, "activation_blocks", columns)

    def _write_ladder(self, neurons: NDArray[np.int64], order: NDArray[np.int32]) -> None:
        steps = [
            sum_rows(self._embeddings, self._inverse_lengths, part)
            for images in order
            for part in np.split(images, self._rungs[:-1])
        ]
        totals = np.cumsum(np.reshape(steps, (len(neurons), len(self._rungs), -1)), axis=1)
        columns: dict[str, NDArray[Any]] = {
            "neuron": np.repeat(neurons.astype(np.int32), len(self._rungs)),
            "rank": np.tile(self._rungs.astype(np.int32), len(neurons)),
            "total": totals.reshape(-1, totals.shape[2]),
        }
        insert(self._connection, "partial_sums", columns)

    def _write_answers(
        self, layer: int, units: NDArray[np.int64], order: NDArray[np.int32], descending: NDArray[np.float32]
    ) -> None:
        names = self._run.layers[layer].unit_names
        scored: dict[int, NDArray[np.float64]] = {}
        with self._connection.appender("neurons") as neurons:
            for unit, images, values in zip(units.tolist(), order, descending, strict=True):
                tau = selection.threshold(values, self._run.alpha)
                above = np.array(np.count_nonzero(selection.above(values, tau)))
                count = int(self._run.selection.taken(above, len(values))) if values[0] > values[-1] else 0
                best, best_score, annotated = -1, 0.0, 0
                if count and len(self._directions):
                    mean = sum_rows(self._embeddings, self._inverse_lengths, images[:count]) / count
                    scores = scoring.score_mean(mean, self._directions)
                    ranked = self._moments.z_scores(scores, count) if self._run.ranking == "z" else scores
                    best = int(ranked.argmax())
                    best_score = float(scores[best])
                    annotated = len(scoring.annotate(ranked, self._run.beta))
                    scored[self._first_neuron + unit] = scores
                maximum, minimum = float(values[0]), float(values[-1])
                neurons.append_row(
                    *(self._first_neuron + unit, layer, unit, text(names[unit]) if names else ""),
                    *(maximum, minimum, maximum == minimum, count, best, best_score, annotated),
                    self._finding(images[:count]),
                )
        self._write_scores(scored)

    def _write_scores(self, scored: Mapping[int, NDArray[np.float64]]) -> None:
        """Writes the score of every concept for each neuron. One insert of many neurons costs as much as one of a
        single neuron."""
        if not scored:
            return
        neurons = np.array(list(scored), dtype=np.int32)
        scores = np.stack(list(scored.values()))
        columns: dict[str, NDArray[Any]] = {
            "neuron": np.repeat(neurons, scores.shape[1]),
            "concept": np.tile(np.arange(scores.shape[1], dtype=np.int32), len(neurons)),
            "score": scores.reshape(-1),
        }
        insert(self._connection, "concept_scores", columns)

    def _finding(self, images: NDArray[np.int32]) -> str:
        """The label that most of these images carry, by name if several tie; "" when no image has a label."""
        counts = Counter(label for image in images.tolist() for label in self._labels.get(image, ()))
        return min(counts, key=lambda label: (-counts[label], label), default="")


def _labels_of_usable(connection: Connection) -> dict[int, list[str]]:
    labels: dict[int, list[str]] = {}
    for image, label in connection.execute("SELECT DISTINCT image, label FROM labels").fetchall():
        labels.setdefault(image, []).append(label)
    return labels
