"""Writes what connects neurons to the target model's decisions: outputs, the head, films by row, maps, importance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.names import labels_by_class
from engine.store import class_maps, halves
from engine.store.batch import Batch, Floats
from engine.store.contents import RunContents
from engine.store.database import Connection, append, insert, text, transaction
from engine.store.decision_contents import DecisionContents, HeadContents
from engine.store.decision_records import OVER
from engine.store.importance_sums import ImportanceSums
from engine.store.probabilities import Flags, as_probabilities, predictions
from engine.store.spill import LayerSpill, Spill


class DecisionWriter:
    """Takes the batches of a run, whose `decisions` say what it keeps. `layers` holds the activations of each layer,
    [p, units] by its name, once all batches are taken.

    Memory holds one piece of the images at a time.
    """

    def __init__(
        self,
        connection: Connection,
        run: RunContents,
        decisions: DecisionContents,
        layers: Mapping[str, LayerSpill],
        folder: Path,
        stack: ExitStack,
    ) -> None:
        self._connection = connection
        self._run = run
        self._decisions = decisions
        self._layers = layers
        self._outputs, self._inputs = Spill(folder, stack), Spill(folder, stack)
        self._labelled = Spill(folder, stack, "u1")
        self._known: Flags = np.zeros(len(decisions.classes), np.bool_)
        self._classes_of = _classes_of_labels(run, decisions.classes)

    def add(self, batch: Batch, position: int, image: int) -> None:
        """Takes a batch, whose first image is `position` of the probing set and `image` among the usable ones.

        Raises ValueError where its arrays do not fit the classes and the head.
        """
        if not batch.usable or not self._decisions.classes:
            return
        outputs, classes = batch.outputs, len(self._decisions.classes)
        if outputs is None or outputs.shape != (batch.usable, classes):
            raise ValueError(f"a batch without {classes} outputs for each of its {batch.usable} usable images")
        usable = [place for place, probed in enumerate(batch.images, start=position) if not probed.reason]
        labelled = self._labels(usable)
        self._known |= labelled.any(axis=0)
        self._outputs.append(outputs)
        self._labelled.append(labelled)
        rows = [(image + row, values.tobytes()) for row, values in enumerate(outputs.astype("<f4"))]
        append(self._connection, "film_outputs", rows)
        if self._decisions.head is not None and self._decisions.head.map_shape:
            maps = [(image + row, *_map_row(blob, classes)) for row, blob in enumerate(batch.class_maps)]
            append(self._connection, "film_maps", maps)
        if self._separate_inputs and batch.head_inputs is not None:
            self._inputs.append(batch.head_inputs)

    def _labels(self, places: Sequence[int]) -> Flags:
        """Which classes the images at these places are labelled with, [n, classes]."""
        labelled = np.zeros((len(places), len(self._decisions.classes)), np.bool_)
        for row, place in enumerate(places):
            for label in self._run.images[place].labels:
                labelled[row, self._classes_of.get(label, [])] = True
        return labelled

    @property
    def _separate_inputs(self) -> bool:
        """Whether the head's inputs are kept beside the layers' activations."""
        head = self._decisions.head
        return self._decisions.films and head is not None and not head.same

    def write(self, progress: Callable[[int], None]) -> None:
        """Writes all but what `add` has written. `progress` is called with the number of films whose rows are
        written."""
        decisions, connection = self._decisions, self._connection
        with transaction(connection):
            missing = json.dumps([astuple(lack) for lack in decisions.missing])
            facts = [decisions.probabilities, decisions.threshold, text(missing)]
            connection.execute("INSERT INTO decision_facts VALUES (?, ?, ?)", facts)
            for number, name in enumerate(decisions.classes):
                connection.execute("INSERT INTO classes VALUES (?, ?)", [number, text(name)])
        if decisions.films:
            self._write_rows(progress)
        if decisions.head is not None:
            self._write_head(decisions.head)

    def _write_rows(self, progress: Callable[[int], None]) -> None:
        """Each film's activations on all layers."""
        scales = [halves.scale_of(layer.largest) for layer in self._layers.values()]
        with transaction(self._connection):
            every = np.concatenate(scales)
            columns: dict[str, NDArray[Any]] = {"neuron": np.arange(len(every), dtype=np.int32), "scale": every}
            insert(self._connection, "row_scales", columns)
        image = 0
        for pieces in zip(*(layer.pieces() for layer in self._layers.values()), strict=True):
            stored = [halves.stored(piece, scale) for piece, scale in zip(pieces, scales, strict=True)]
            image = self._append("film_activations", image, np.concatenate(stored, axis=1))
            progress(image)

    def _append(self, table: str, image: int, rows: NDArray[np.float16]) -> int:
        """Appends a row for each image from `image` on, and returns the next image."""
        with transaction(self._connection):
            append(self._connection, table, [(image + place, row.tobytes()) for place, row in enumerate(rows)])
        return image + len(rows)

    def _write_head(self, head: HeadContents) -> None:
        units = head.weights.shape[1]
        source = self._layers[head.layer] if head.same and head.layer is not None else self._inputs
        separate = source is self._inputs
        scale = halves.scale_of(source.largest.max() if separate else source.largest)
        sums = ImportanceSums(len(self._decisions.classes), units, self._known)
        known = False
        for inputs, outputs, labelled in self._films(source, scale, units):
            sums.add(inputs, self._predicted(outputs), labelled)
            known = True
        layers = [layer.name for layer in self._run.layers]
        layer = None if head.layer is None else layers.index(head.layer)
        mean = sums.mean_inputs.astype("<f8").tobytes() if known else b""
        weights, bias = (each.astype("<f4").tobytes() for each in (head.weights, head.bias))
        row = [layer, head.same, units, weights, bias, mean, float(scale.max()), *(head.map_shape or (0, 0))]
        with transaction(self._connection):
            append(self._connection, "heads", [row])
            if layer is not None and known:
                self._write_importance(layer, sums, head.weights)

    def _films(
        self, source: Spill | LayerSpill, scale: NDArray[np.float64], units: int
    ) -> Iterator[tuple[Floats, Floats, Flags]]:
        """The head's inputs as they are kept, the outputs and the labels of all films, in pieces; nothing where the
        inputs are not kept. Writes the inputs where no layer's activations are the same."""
        image = 0
        for inputs, outputs, labelled in zip(
            source.pieces(), self._outputs.pieces(), self._labelled.pieces(), strict=source is not self._inputs
        ):
            if inputs.shape[1] != units:
                raise ValueError(f"the head has {units} inputs, and a batch gives {inputs.shape[1]}")
            stored = halves.stored(inputs, scale)
            if source is self._inputs:
                image = self._append("head_inputs", image, stored)
            yield halves.restored(stored, scale), outputs, labelled.astype(np.bool_)

    def _predicted(self, outputs: Floats) -> Flags:
        how = self._decisions.probabilities
        return predictions(as_probabilities(outputs, how), how, self._decisions.threshold)

    def _write_importance(self, layer: int, sums: ImportanceSums, weights: Floats) -> None:
        for over in OVER:
            means, films = sums.means(over, weights).astype("<f4"), sums.films(over).tolist()
            rows = [(layer, number, over, films[number], mean.tobytes()) for number, mean in enumerate(means)]
            append(self._connection, "importance", rows)


def _classes_of_labels(run: RunContents, classes: Sequence[str]) -> dict[str, list[int]]:
    """Label -> the classes that it means, by their number."""
    labels = list(dict.fromkeys(label for image in run.images for label in image.labels))
    found: dict[str, list[int]] = {}
    for number, named in enumerate(labels_by_class(classes, labels)):
        for place in named:
            found.setdefault(labels[place], []).append(number)
    return found


def _map_row(blob: bytes, classes: int) -> tuple[bytes, bytes, bytes]:
    lows, highs, cells = class_maps.unpacked(blob, classes)
    return lows.tobytes(), highs.tobytes(), cells.tobytes()
