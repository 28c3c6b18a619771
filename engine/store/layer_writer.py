"""Writes one layer: sorted activations in blocks, the ladder of partial sums, and the run's own answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, selection
from engine.annotation.competing import Competing
from engine.annotation.directions import Directions
from engine.annotation.layer_annotations import Annotator
from engine.annotation.layer_means import LayerMeans
from engine.annotation.rows import Rows, parts
from engine.annotation.standing import Moments
from engine.store.contents import RunContents
from engine.store.database import Connection, insert, insert_summed, text
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
        bare = scoring.unit_rows(run.template_embedding)
        self._directions = Directions(run.text_embeddings, bare)
        competing = Competing.of(self._directions, np.arange(len(run.concepts)))
        self._competing = competing.ranked_by_z(moments) if run.ranking == "z" else competing
        self._annotator = Annotator(len(embeddings))
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
        row.append(" ".join(map(str, layer.numberless)))
        self._connection.execute("INSERT INTO layers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
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
                    for step, ordered in zip(steps[first - start : last - start], order, strict=True):
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
        counts, means = self._means(order, descending)
        found = self._annotator.annotate(
            self._competing,
            LayerMeans(counts, means, np.zeros(len(units))),
            np.arange(len(units)),
            self._run.beta,
            lambda some: means[some],
        )
        maxima, minima = descending[:, 0], descending[:, -1]
        names = self._run.layers[layer].unit_names
        own = self._first_neuron + units
        annotated = np.diff(found.words.ends, prepend=0)
        columns: dict[str, NDArray[Any]] = {
            "neuron": own.astype(np.int32),
            "layer": np.full(len(units), layer, np.int32),
            "unit": units.astype(np.int32),
            "name": np.array([text(names[unit]) if names else "" for unit in units], dtype=object),
            "maximum": maxima.copy(),
            "minimum": minima.copy(),
            "dead": maxima == minima,
            "representatives": counts.astype(np.int32),
            "best": found.best.astype(np.int32),
            "best_score": found.scores,
            "annotated": annotated.astype(np.int32),
            "finding": np.array([self._labels.most(o[:n]) for o, n in zip(order, counts, strict=True)], dtype=object),
        }
        owners, concepts = found.words.owners, found.words.concepts
        words: dict[str, NDArray[Any]] = {
            "neuron": own[owners].astype(np.int32),
            "place": (np.arange(len(owners)) - (found.words.ends - annotated)[owners]).astype(np.int32),
            "concept": concepts.astype(np.int32),
            "score": self._scores(means, owners, concepts),
        }
        return partial(_insert_answers, columns, words, {"neuron": columns["neuron"], "mean": means})

    def _means(
        self, order: NDArray[np.int32], descending: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The number of each unit's representative images, [n], and the mean of their unit embeddings, [n, d]."""
        counts = np.zeros(len(order), np.int64)
        means = np.zeros((len(order), self._embeddings.shape[1]))
        for row, (images, values) in enumerate(zip(order, descending, strict=True)):
            if values[0] > values[-1]:
                tau = selection.threshold(values, self._run.alpha)
                above = np.array(np.count_nonzero(selection.above(values, tau)))
                counts[row] = self._run.selection.taken(above, len(values))
                chosen = images[: counts[row]]
                means[row] = sum_rows(self._embeddings, self._inverse_lengths, chosen) / max(len(chosen), 1)
        return counts, means

    def _scores(
        self, means: NDArray[np.float64], units: NDArray[np.int64], concepts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Eq. 2's score of pairs of a unit and a concept, [n] each, from the units' means."""
        scores = np.empty(len(units))
        for some in parts(len(units)):
            scores[some] = np.einsum("nd,nd->n", means[units[some]], self._directions[concepts[some]])
        return scores


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
    insert_summed(connection, "activation_blocks", columns)


def _insert_sums(
    neurons: NDArray[np.int64], ranks: NDArray[np.int64], totals: NDArray[np.float32], connection: Connection
) -> None:
    columns: dict[str, NDArray[Any]] = {
        "neuron": np.repeat(neurons.astype(np.int32), len(ranks)),
        "rank": np.tile(ranks.astype(np.int32), len(neurons)),
        "total": totals.reshape(-1, totals.shape[2]),
    }
    insert_summed(connection, "partial_sums", columns)


def _insert_answers(
    neurons: dict[str, NDArray[Any]],
    words: dict[str, NDArray[Any]],
    means: dict[str, NDArray[Any]],
    connection: Connection,
) -> None:
    for table, columns in (("neurons", neurons), ("annotated_concepts", words)):
        insert(connection, table, columns)
    insert_summed(connection, "own_means", means)
