"""The arrays of an open run file: sorted activations in blocks, partial sums, embeddings."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import Rows, parts
from engine.errors import RunFileError
from engine.store import sorted_activations
from engine.store.cursors import Cursors, DamagedRows, damage_of, named, place_of
from engine.store.embedding_rows import TYPES
from engine.store.records import LayerInfo
from engine.store.row_file import RowFile
from engine.store.schema import BLOCK

HELD = 512 << 20
"""The most bytes of image embeddings that are held in memory; more wait in a file (engine.store.row_file)"""
_EMBEDDINGS_AT_ONCE = 4096
_LENGTHS_AT_ONCE = 1 << 18
_UNITS_AT_ONCE = 16


class RunArrays:
    """Reads the arrays of a run of `images` usable images, whose embeddings have `dimension` numbers."""

    def __init__(self, cursors: Cursors, images: int, dimension: int) -> None:
        self._cursors = cursors
        self._images = images
        self._dimension = dimension
        self._one_at_a_time = threading.Lock()
        """DuckDB works on 2,048 rows at once, megabytes when a row is an array: two such queries at once could
        exceed the memory that a reader allows it"""
        kinds = {column.name: column.kind for column in cursors.checks.tables["image_embeddings"]}
        self._halves = kinds["embedding"].startswith(TYPES["f16"])
        """Whether image embeddings are stored in float16"""
        self._copying = threading.Lock()
        self._row_file: RowFile | None = None
        self.blocks_each = -(-images // BLOCK)
        """Blocks of one neuron"""

    @cached_property
    def rungs(self) -> NDArray[np.int64]:
        """Ranks that carry a partial sum, ascending; the last is the number of images."""
        ranks = self._cursors.columns("SELECT rank FROM partial_sums WHERE neuron = 0 ORDER BY rank")["rank"]
        return ranks.astype(np.int64)

    def activations(self, layer: LayerInfo, chosen: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
        """The activation of each unit of a layer on each image, by image index, [units, p]; or on the `chosen` [n] ones
        alone, [units, n]."""
        kept = self._images if chosen is None else len(chosen)
        values = np.zeros((layer.units, kept), dtype=np.float32)
        start = 0
        for part in self.units(layer):
            values[start : start + len(part)] = part if chosen is None else part[:, chosen]
            start += len(part)
        return values

    def units(self, layer: LayerInfo) -> Iterator[NDArray[np.float32]]:
        """As `activations`, a few units at a time, [n, p]. The next ones take their place."""
        whole = np.zeros((min(_UNITS_AT_ONCE, layer.units), self._images), dtype=np.float32)
        for start in range(0, layer.units, _UNITS_AT_ONCE):
            part = whole[: min(_UNITS_AT_ONCE, layer.units - start)]
            rows = np.arange(len(part) * self.blocks_each) + (layer.first_neuron + start) * self.blocks_each
            images, activations = self.blocks(rows)
            used = np.s_[:, : self._images]
            with self._cursors.whole():
                places = images.reshape(len(part), -1)[used]
                np.put_along_axis(part, places, activations.reshape(len(part), -1)[used], axis=1)
            yield part

    def tops(self, first_neuron: int, units: int) -> NDArray[np.float32]:
        """The highest activation in each block of each unit of a layer, [units, blocks]."""
        rows = np.arange(first_neuron * self.blocks_each, (first_neuron + units) * self.blocks_each)
        return self._at("activation_blocks", rows, "top")["top"].reshape(units, self.blocks_each)

    def ranked(self, neuron: int, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Images and activations of a neuron in its blocks first … last, activation descending."""
        images, activations = self.blocks(np.arange(first, last + 1) + neuron * self.blocks_each)
        used = self._images - first * BLOCK
        return images.reshape(-1)[:used], activations.reshape(-1)[:used]

    def blocks(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Images [n, BLOCK] and activations [n, BLOCK] of n blocks, numbered over all neurons, ascending."""
        columns = self._at("activation_blocks", rows)
        with self._cursors.whole():
            codes = _stack(columns["codes"], BLOCK)
            return _stack(columns["images"], BLOCK), sorted_activations.activations(codes)

    def partial_sums(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Partial sums [n, d], numbered over all neurons' rungs, ascending; off by less than 1e-6 of their length."""
        columns = self._at("partial_sums", rows)
        with self._cursors.whole():
            return _stack(columns["total"], self._dimension)

    def _at(self, table: str, rows: NDArray[np.int64], column: str = "") -> dict[str, NDArray[Any]]:
        """The arrays at some rows, ascending; or another column. These tables are written in order, so a row's number
        is its rowid.

        Raises RunFileError when a row is elsewhere: the file was changed after it was written.
        """
        parameters: tuple[object, ...]
        if len(rows) == 0:
            return defaultdict(lambda: np.empty(0, dtype=object))
        if len(rows) == rows[-1] - rows[0] + 1:
            where, parameters = "rowid BETWEEN ? AND ?", (int(rows[0]), int(rows[-1]))
        else:
            where, parameters = "rowid IN (SELECT unnest(?::BIGINT[]))", (rows.tolist(),)
        with self._one_at_a_time:
            if column:
                query = f"SELECT rowid, {column} FROM {table} WHERE {where} ORDER BY rowid"  # noqa: S608 (this file's own)
                columns = self._cursors.columns(query, *parameters)
            else:
                columns = self._arrays_at(table, where, parameters)
        if not np.array_equal(columns["rowid"], rows):
            raise RunFileError(damage_of(self._cursors.path, named(table)))
        return columns

    def _arrays_at(self, table: str, where: str, parameters: tuple[object, ...]) -> dict[str, NDArray[Any]]:
        try:
            return self._cursors.arrays(table, where, *parameters)
        except DamagedRows as error:
            place = place_of(self._cursors, table, error.places[0])
            raise RunFileError(damage_of(self._cursors.path, f"{named(table)} of {place}")) from error

    def image_embeddings(self) -> Rows:
        """[p, d]: an array, or rows in a temporary file where an array would take more than HELD bytes.

        Raises RunFileError where there is no room for that file. It is made once, and gone when the run is closed.
        """
        if self._images * self._dimension * 4 <= HELD:
            return self.image_embeddings_of(np.arange(self._images))
        with self._copying:
            if self._row_file is None:
                shape, kind = (self._images, self._dimension), np.dtype("<f2" if self._halves else "<f4")
                self._row_file = RowFile(self._cursors.path, shape, kind, self._stored_embeddings)
            return self._row_file

    def close(self) -> None:
        """Gives back the room of the temporary file. To be called after Cursors.close, which ends the copying."""
        with self._copying:
            if self._row_file is not None:
                self._row_file.close()

    def image_embeddings_of(self, images: NDArray[np.integer]) -> NDArray[np.float32]:
        """Those of some images, ascending, [n, d]."""
        return self._stored_embeddings(images.astype(np.int64)).astype(np.float32, copy=False)

    def _stored_embeddings(self, images: NDArray[np.int64]) -> NDArray[np.floating]:
        """Those of some images, ascending, [n, d], in the precision of the file."""
        if not self._halves:
            return self._embeddings("image_embeddings", images)
        return self._vectors("image_embeddings", images, np.uint16).view("<f2")

    def inverse_lengths(self) -> NDArray[np.float64] | None:
        """1 / the length of each image embedding, [p]; None in a file of an earlier version."""
        [(known,)] = self._cursors.rows("SELECT count(inverse_length) FROM image_embeddings")
        if not known:
            return None
        found, everything = np.empty(self._images), np.arange(self._images)
        for part in parts(self._images, _LENGTHS_AT_ONCE):
            found[part] = self._at("image_embeddings", everything[part], "inverse_length")["inverse_length"]
        with self._cursors.whole():
            if known != self._images or not np.isfinite(found).all() or found.min(initial=0.0) < 0:
                raise ValueError("image_embeddings: a length is missing, or not one")
        return found

    def other_template(self, position: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The embeddings of the concepts prompted with other template `position` [m, d], and of that bare template [d].

        Raises IndexError when the run has no such template.
        """
        templates, concepts = self._count("other_templates"), self._count("concepts")
        if not 0 <= position < templates:
            raise IndexError(f"no other template {position}: the run has {templates}")
        texts = self._embeddings("other_texts", position * concepts + np.arange(concepts))
        return texts, self._embeddings("other_templates", np.array([position]))[0]

    def bare_text_embeddings(self) -> NDArray[np.float32] | None:
        """The embeddings of the concepts without a template [m, d]; None if the run does not have them."""
        concepts = self._count("concepts")
        return self._embeddings("bare_texts", np.arange(concepts)) if self._count("bare_texts") else None

    def caption_embeddings(self) -> NDArray[np.float32]:
        """[c, d], in the order of RunReader.captions."""
        return self._embeddings("captions", np.arange(self._count("captions")))

    def _embeddings(self, table: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Those in some rows, ascending, [n, d]."""
        return self._vectors(table, rows, np.float32)

    def _vectors(self, table: str, rows: NDArray[np.int64], kind: type[Any]) -> NDArray[Any]:
        """Embeddings as numbers of this kind, [n, d], read in pieces so that no second copy exists."""
        embeddings = np.empty((len(rows), self._dimension), dtype=kind)
        for start in range(0, len(rows), _EMBEDDINGS_AT_ONCE):
            piece = embeddings[start : start + _EMBEDDINGS_AT_ONCE]
            vectors = list(self._at(table, rows[start : start + len(piece)])["embedding"])
            with self._cursors.whole():
                if any(isinstance(vector, np.ma.MaskedArray) for vector in vectors):
                    raise ValueError(f"{table}: a number is missing")
                np.concatenate(vectors, out=piece.reshape(-1))
        return embeddings

    def _count(self, table: str) -> int:
        return int(self._cursors.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 (names are this file's own)

    def text_embeddings(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The embeddings of the prompted concepts [m, d], and of the bare template [d]: zeros where it is not
        subtracted."""
        template = self._cursors.arrays("templates", "true")["embedding"]
        texts = self._embeddings("concepts", np.arange(self._count("concepts")))
        return texts, _stack(template, self._dimension)[0]

    def concept_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Mean and standard deviation of each concept's score over all images, [m] each; None in a file of an earlier
        version."""
        columns = self._cursors.columns(
            "SELECT score_mean AS mean, score_deviation AS deviation FROM concepts "
            "WHERE score_deviation IS NOT NULL ORDER BY concept"
        )
        if len(columns["mean"]) != self._count("concepts"):
            return None
        return columns["mean"], columns["deviation"]

    def spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """The mean [d] and the covariance [d, d] of the images' unit embeddings (standing.spread_of); None in a file of
        an earlier version."""
        columns = self._cursors.arrays("embedding_spread", "true", also="mean")
        if not len(columns["mean"]):
            return None
        with self._cursors.whole():
            covariance = _stack(columns["covariance"], self._dimension)
            if covariance.shape != (self._dimension, self._dimension) or len(columns["mean"]) != self._dimension:
                raise ValueError(f"embedding_spread: {len(covariance)} rows for {self._dimension} numbers")
        return columns["mean"], covariance

    def own_means(self, neurons: NDArray[np.integer]) -> NDArray[np.float64]:
        """The mean of the unit embeddings of the representative images at the run's own cuts, of some neurons,
        ascending, [n, d]; zeros without any."""
        columns = self._at("own_means", neurons.astype(np.int64))
        with self._cursors.whole():
            return _stack(columns["mean"], self._dimension)

    def own_words(self, layer: LayerInfo, units: range) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The annotated concepts of some units of a layer at the run's own cuts, and the unit of each, ascending; each
        unit's concepts by what they are ranked by, ties by index."""
        columns = self._cursors.columns(
            "SELECT unit, concept FROM annotated_concepts JOIN neurons USING (neuron) "
            "WHERE neuron BETWEEN ? AND ? ORDER BY neuron, place",
            *(layer.first_neuron + units.start, layer.first_neuron + units.stop - 1),
        )
        owners, concepts = columns["unit"].astype(np.int64), columns["concept"].astype(np.int64)
        with self._cursors.whole():
            if len(concepts) and not 0 <= concepts.min() <= concepts.max() < self._count("concepts"):
                raise ValueError("annotated_concepts: no such concept")
        return owners, concepts


def _stack(rows: NDArray[Any], width: int) -> NDArray[Any]:
    """An object array of n vectors as one matrix, [n, width]. Raises ValueError where they are no such vectors."""
    vectors = list(rows)
    if any(isinstance(vector, np.ma.MaskedArray) for vector in vectors):
        raise ValueError("a number is missing")
    return np.concatenate(vectors).reshape(len(vectors), width) if vectors else np.empty((0, width))
