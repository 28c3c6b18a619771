"""The tables of a run file that connect neurons to the target model's decisions (engine.store.schema)."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats
from engine.store.class_maps import scaled
from engine.store.cursors import Cursors
from engine.store.decision_records import FilmImportance, Head, LayerImportance, Missing, Over, Probabilities, UnitMaps
from engine.store.halves import restored
from engine.store.records import LayerInfo

_FILMS_AT_ONCE = 512
"""Films whose activations are read by one query, 2 bytes a neuron"""
_CHOSEN = "rowid IN (SELECT unnest(?::BIGINT[]))"
_OUTPUTS_AT_ONCE = 16384
"""Films whose outputs are read by one query, so that no second copy of all exists"""


class DecisionTables:
    """The part of RunReader about decisions: outputs, the head, films by row, maps and importance.

    What a run did not keep is None; `missing` says why and what adds it. Damaged rows raise RunFileError.
    """

    _cursors: Cursors
    image_count: int
    layers: tuple[LayerInfo, ...]

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The model's outputs by name, in its order; by number where they have no names; () without outputs."""
        return tuple(name for (name,) in self._cursors.rows("SELECT name FROM classes ORDER BY class"))

    @cached_property
    def probabilities(self) -> Probabilities:
        """How outputs become probabilities."""
        found: Probabilities = self._facts[0]
        return found

    @cached_property
    def threshold(self) -> float:
        """The probability from which on a film counts as predicted to have a class (softmax: the highest class)."""
        return float(self._facts[1])

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """What the run file lacks of all this."""
        return tuple(Missing(*each) for each in json.loads(self._facts[2]))

    @cached_property
    def _facts(self) -> tuple[Any, ...]:
        rows = self._cursors.rows("SELECT probabilities, threshold, missing FROM decision_facts")
        if rows:
            return rows[0]
        older = ("outputs", "The run was made by a version of mammi that did not keep it.", "mammi run CONFIG.toml")
        return ("sigmoid", 0.5, json.dumps([older]))

    @cached_property
    def outputs(self) -> Floats | None:
        """The model's outputs before they become probabilities, [p, classes]."""
        if not self._cursors.rows("SELECT rowid FROM film_outputs LIMIT 1"):
            return None
        found = np.empty((self.image_count, len(self.classes)), np.float32)
        for start in range(0, self.image_count, _OUTPUTS_AT_ONCE):
            piece = found[start : start + _OUTPUTS_AT_ONCE]
            rows = self._cursors.arrays("film_outputs", "rowid BETWEEN ? AND ?", start, start + len(piece) - 1)
            with self._cursors.whole():
                piece[:] = np.frombuffer(b"".join(rows["outputs"]), "<f4").reshape(piece.shape)
        return found

    @cached_property
    def head(self) -> Head | None:
        """The linear layer that gives the outputs."""
        found = self._head_row
        if found is None:
            return None
        layer, same, units, _, height, width, weights, bias, mean = found
        with self._cursors.whole():
            return Head(
                layer,
                np.frombuffer(weights, "<f4").reshape(-1, units),
                np.frombuffer(bias, "<f4"),
                np.frombuffer(mean, "<f8").reshape(units) if mean else np.full(units, np.nan),
                same,
                (height, width) if height else None,
            )

    @cached_property
    def _head_row(self) -> tuple[Any, ...] | None:
        scalars = ["layer", "same", "units", "scale", "map_height", "map_width"]
        rows = self._cursors.rows(f"SELECT {', '.join(scalars)} FROM heads")  # noqa: S608 (this file's own)
        if not rows:
            return None
        arrays = self._cursors.arrays("heads", "true")
        return rows[0] + tuple(arrays[name][0] for name in ("weights", "bias", "mean"))

    @cached_property
    def _row_scales(self) -> NDArray[np.float32] | None:
        """The scale of each neuron's activations by film, [neurons]."""
        scales = self._cursors.columns("SELECT scale FROM row_scales ORDER BY neuron")["scale"].astype(np.float32)
        return scales if len(scales) else None

    def film_activations(self, image: int) -> Floats | None:
        """The activation of every neuron on one image, [neurons], to ROW_ERROR. None if films are not kept."""
        scales = self._row_scales
        if scales is None:
            return None
        row = self._one("film_activations", image)
        with self._cursors.whole():
            return restored(np.frombuffer(row["activations"], "<f2").reshape(scales.shape), scales)

    def layer_rows(self, layer: LayerInfo, images: NDArray[np.integer]) -> Floats | None:
        """The activations of a layer's units on some images, ascending, [n, units], to ROW_ERROR. None if films are not
        kept."""
        scales = self._row_scales
        if scales is None:
            return None
        found = np.empty((len(images), layer.units), np.float32)
        for start in range(0, len(images), _FILMS_AT_ONCE):
            wanted = images[start : start + _FILMS_AT_ONCE].tolist()
            rows = self._cursors.arrays("film_activations", _CHOSEN, wanted)["activations"]
            with self._cursors.whole():
                values = np.frombuffer(b"".join(rows), "<f2").reshape(len(rows), len(scales))
                found[start : start + _FILMS_AT_ONCE] = values[:, layer.neurons]
        return found * scales[layer.neurons]

    def head_inputs(self, image: int) -> Floats | None:
        """The head's inputs on one image, [units], to ROW_ERROR. None without a head or where films are not kept."""
        row, head = self._head_row, self.head
        if row is None or head is None or self._row_scales is None:
            return None
        if row[1]:
            activations = self.film_activations(image)
            return None if activations is None or head.layer is None else activations[self.layers[head.layer].neurons]
        stored = self._one("head_inputs", image)
        with self._cursors.whole():
            return restored(np.frombuffer(stored["inputs"], "<f2").reshape(row[2]), row[3])

    def head_inputs_of(self, images: NDArray[np.integer]) -> Floats | None:
        """The head's inputs on several images, [n, units], as `head_inputs`; one query for all of them."""
        row, head = self._head_row, self.head
        if row is None or head is None or self._row_scales is None:
            return None
        table, column = ("film_activations", "activations") if row[1] else ("head_inputs", "inputs")
        wanted = np.asarray(images, dtype=np.int64)
        found = self._cursors.arrays(table, _CHOSEN, np.unique(wanted).tolist())
        with self._cursors.whole():
            places = np.searchsorted(found["rowid"], wanted)
            if not np.array_equal(found["rowid"][places], wanted):
                raise ValueError(f"{table}: an image is missing")
            rows = np.frombuffer(b"".join(found[column][places]), "<f2").reshape(len(wanted), -1)
            if row[1]:
                rows = rows[:, self.layers[head.layer or 0].neurons]
                scale: Any = self._row_scales[self.layers[head.layer or 0].neurons]
            else:
                scale = np.float32(row[3])
            return restored(rows.reshape(len(wanted), row[2]), scale)

    def class_map(self, image: int, number: int) -> Floats | None:
        """The class activation map of one class on one image, [h, w]; None where there are none."""
        head = self._head_row
        if head is None or not head[4]:
            return None
        row = self._one("film_maps", image)
        with self._cursors.whole():
            maps = np.frombuffer(row["cells"], np.uint8).reshape(len(self.classes), head[4], head[5])
            low, high = (np.frombuffer(row[name], "<f4")[number] for name in ("lows", "highs"))
            return scaled(maps[number], low, high)

    def unit_maps(self, neuron: int) -> UnitMaps | None:
        """The maps of a neuron (its index in the run) over its strongest images; None where there are none."""
        sizes = self._map_sizes
        layer = next((each for each in self.layers if 0 <= neuron - each.first_neuron < each.units), None)
        if layer is None or layer.position not in sizes:
            return None
        found = self._cursors.arrays("unit_maps", "neuron = ?", neuron)
        if not len(found["images"]):
            return None
        with self._cursors.whole():
            images, lows, highs, cells = (found[name][0] for name in ("images", "lows", "highs", "cells"))
            maps = np.frombuffer(cells, np.uint8).reshape(-1, *sizes[layer.position])
            low, high = np.frombuffer(lows, "<f4")[:, None, None], np.frombuffer(highs, "<f4")[:, None, None]
            return UnitMaps(np.frombuffer(images, "<i4"), scaled(maps, low, high))

    @cached_property
    def _map_sizes(self) -> dict[int, tuple[int, int]]:
        rows = self._cursors.rows("SELECT layer, height, width FROM map_sizes")
        return {layer: (height, width) for layer, height, width in rows}

    @cached_property
    def important_layers(self) -> tuple[int, ...]:
        """The positions of the layers whose importance the run holds."""
        return tuple(layer for (layer,) in self._cursors.rows("SELECT DISTINCT layer FROM importance ORDER BY layer"))

    def importance(self, layer: int, over: Over) -> LayerImportance | None:
        """The mean importance of a layer's units for each class, over some films; None if it is not kept."""
        rows = self._cursors.arrays("importance", "layer = ? AND over = ?", layer, over, also="class, films")
        if not len(rows["mean"]):
            return None
        with self._cursors.whole():
            order = np.argsort(rows["class"], kind="stable")
            means = np.frombuffer(b"".join(rows["mean"][order]), "<f4")
            shaped = means.reshape(len(self.classes), self.layers[layer].units)
            return LayerImportance(layer, rows["films"][order].astype(np.int64), shaped)

    def film_importance(self, image: int) -> list[FilmImportance]:
        """The strongest units of hidden layers for the strongest outputs of one image."""
        rows = self._cursors.arrays("film_importance", "image = ?", int(image), also="layer")
        found = []
        with self._cursors.whole():
            columns = (rows[name].tolist() for name in ("layer", "classes", "units", "shares"))
            for layer, classes, units, shares in sorted(zip(*columns, strict=True)):
                numbers = np.frombuffer(classes, "<i4")
                shape = (len(numbers), -1)
                strongest, values = np.frombuffer(units, "<i4").reshape(shape), np.frombuffer(shares, "<f4")
                found.append(FilmImportance(layer, numbers, strongest, values.reshape(shape)))
        return found

    def _one(self, table: str, image: int) -> dict[str, bytes]:
        """The arrays of an image in a table that is written by image. Raises IndexError for an unknown image."""
        found = self._cursors.arrays(table, "rowid = ?", int(image))
        if not len(found["rowid"]):
            raise IndexError(f"no image {image}: the run has {self.image_count}")
        return {name: values[0] for name, values in found.items()}
