"""Writes one layer: sorted activations in blocks, the ladder of partial sums, and the run's own answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, selection
from engine.annotation.rows import Rows
from engine.annotation.standing import Moments
from engine.store.contents import RunContents
from engine.store.database import Connection, insert, text
from engine.store.inserts import Inserts
from engine.store.label_counts import LabelCounts
from engine.store.ladder import rungs, sum_rows
from engine.store.rung_sums import partial_sums
from engine.store.schema import BLOCK
from engine.store.sorted_activations import codes, ranked
from engine.store.spill import LayerSpill

_SORTED_AT_ONCE = 1 << 21
"""Activations that are sorted and inserted together: those of 18 units over 112,120 images"""
_PANEL_BYTES = 1 << 28
"""Bytes for the partial sums of some units, for which all embeddings are gone over once"""


class LayerWriter:
    """Writes the layers of a run one after the other, from the embeddings [p, d] of the usable images."""

    def __init__(
        self,
        connection: Connection,
        run: RunContents,
        embeddings: Rows,
        inverse_lengths: NDArray[np.float64],
        moments: Moments,
    ) -> None:
        """`inverse_lengths` are those of the embeddings, [p]; `moments` those of all concepts over the images."""
        self._connection = connection
        self._run = run
        self._embeddings = embeddings
        self._inverse_lengths = inverse_lengths
        self._rungs = rungs(len(embeddings))
        steps = np.arange(len(self._rungs), dtype=np.min_scalar_type(len(self._rungs)))
        self._step_of_rank = np.repeat(steps, np.diff(self._rungs, prepend=0))
        self._directions = scoring.concept_directions(run.text_embeddings, run.template_embedding)
        self._moments = moments
        pairs = connection.execute("SELECT DISTINCT image, label FROM labels").fetchall()
        self._labels = LabelCounts(len(embeddings), pairs)
        self._first_neuron = 0

    def write(self, index: int, activations: LayerSpill, progress: Callable[[str, int, int], None]) -> None:
        """Writes layer `index` of the run from its activations [p, units].

        Raises ValueError when the number of unit names is not that of the units.
        """
        layer = self._run.layers[index]
        images, units = activations.shape
        if layer.unit_names and len(layer.unit_names) != units:
            raise ValueError(f"layer {layer.name}: {len(layer.unit_names)} unit names for {units} units")
        row = [index, layer.name, layer.pooling, units, self._first_neuron, text(layer.untrained)]
        self._connection.execute("INSERT INTO layers VALUES (?, ?, ?, ?, ?, ?)", row)
        sums = 12 * len(self._rungs) * self._embeddings.shape[1]
        panel = max(1, _PANEL_BYTES // (sums + self._step_of_rank.nbytes))
        together = max(1, _SORTED_AT_ONCE // images)
        with Inserts(self._connection) as inserts:
            for start in range(0, units, panel):
                end = min(start + panel, units)
                steps = np.empty((end - start, images), self._step_of_rank.dtype)
                for first in range(start, end, together):
                    last = min(first + together, end)
                    order, values = ranked(activations.units(first, last))
                    for step, ordered in zip(steps[first - start :], order, strict=False):
                        step[ordered] = self._step_of_rank
                    neurons = self._first_neuron + np.arange(first, last)
                    inserts.add(partial(_insert_blocks, neurons, order, values))
                    inserts.add(self._answers(index, np.arange(first, last), order, values))
                    progress(layer.name, last, units)
                totals = partial_sums(self._embeddings, self._inverse_lengths, steps, len(self._rungs))
                inserts.add(partial(_insert_sums, self._first_neuron + np.arange(start, end), self._rungs, totals))
        self._first_neuron += units

    def _answers(
        self, layer: int, units: NDArray[np.int64], order: NDArray[np.int32], descending: NDArray[np.float32]
    ) -> Callable[[Connection], None]:
        """Computes the run's own answers for some units, and returns what inserts them."""
        names = self._run.layers[layer].unit_names
        scored: dict[int, NDArray[np.float64]] = {}
        rows = []
        for unit, images, values in zip(units.tolist(), order, descending, strict=True):
            tau = selection.threshold(values, self._run.alpha)
            above = np.array(np.count_nonzero(selection.above(values, tau)))
            count = int(self._run.selection.taken(above, len(values))) if values[0] > values[-1] else 0
            best, best_score, annotated = -1, 0.0, 0
            if count and len(self._directions):
                mean = sum_rows(self._embeddings, self._inverse_lengths, images[:count]) / count
                scores = scoring.score_mean(mean, self._directions)
                standing = self._moments.z_scores(scores, count) if self._run.ranking == "z" else scores
                best = int(standing.argmax())
                best_score = float(scores[best])
                annotated = len(scoring.annotate(standing, self._run.beta))
                scored[self._first_neuron + unit] = scores
            maximum, minimum = float(values[0]), float(values[-1])
            rows.append(
                (
                    *(self._first_neuron + unit, layer, unit, text(names[unit]) if names else ""),
                    *(maximum, minimum, maximum == minimum, count, best, best_score, annotated),
                    self._labels.most(images[:count]),
                )
            )
        return partial(_insert_answers, rows, scored)


def _insert_blocks(
    neurons: NDArray[np.int64], order: NDArray[np.int32], values: NDArray[np.float32], connection: Connection
) -> None:
    blocks = -(-order.shape[1] // BLOCK)
    missing = ((0, 0), (0, blocks * BLOCK - order.shape[1]))
    filled = np.pad(values, missing, mode="edge").reshape(-1, BLOCK)
    columns: dict[str, NDArray[Any]] = {
        "neuron": np.repeat(neurons.astype(np.int32), blocks),
        "block": np.tile(np.arange(blocks, dtype=np.int32), len(neurons)),
        "top": filled[:, 0].copy(),
        "images": np.pad(order, missing, constant_values=-1).reshape(-1, BLOCK),
        "codes": codes(filled),
    }
    insert(connection, "activation_blocks", columns)


def _insert_sums(
    neurons: NDArray[np.int64], ranks: NDArray[np.int64], totals: NDArray[np.float32], connection: Connection
) -> None:
    columns: dict[str, NDArray[Any]] = {
        "neuron": np.repeat(neurons.astype(np.int32), len(ranks)),
        "rank": np.tile(ranks.astype(np.int32), len(neurons)),
        "total": totals.reshape(-1, totals.shape[2]),
    }
    insert(connection, "partial_sums", columns)


def _insert_answers(
    rows: list[tuple[Any, ...]], scored: dict[int, NDArray[np.float64]], connection: Connection
) -> None:
    with connection.appender("neurons") as neurons:
        neurons.append_rows(rows)
    if not scored:
        return
    scores = np.stack(list(scored.values()))
    columns: dict[str, NDArray[Any]] = {
        "neuron": np.repeat(np.array(list(scored), dtype=np.int32), scores.shape[1]),
        "concept": np.tile(np.arange(scores.shape[1], dtype=np.int32), len(scores)),
        "score": scores.reshape(-1),
    }
    insert(connection, "concept_scores", columns)
