"""Reads a run file. DuckDB and NumPy only: the explorer never needs more."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.errors import RunFileError
from engine.probing.base import Box
from engine.store import schema
from engine.store.database import Connection, connect

_MEMORY = "128MB"
_IMAGES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class RunInfo:
    schema_version: int
    content_hash: str
    created: str
    """ISO 8601, UTC"""
    alpha: float
    beta: float
    template: str
    target: str
    vlm: str
    config: dict[str, Any]
    versions: dict[str, str]
    dimension: int


@dataclass(frozen=True, slots=True, eq=False)
class LayerInfo:
    name: str
    position: int
    units: int
    pooling: str
    unit_names: tuple[str, ...]
    """One name for each unit, or () where units have none"""
    dead: NDArray[np.bool_]
    """[units]"""
    first_neuron: int
    """Index in the run of unit 0"""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    image: int
    path: str
    patient: str | None
    view: str | None
    labels: tuple[str, ...]
    width: int
    height: int
    """Pixels of the decoded film"""
    sha256: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """What the run stored of each neuron at its own α and β, [neurons] over all layers in order."""

    counts: NDArray[np.int64]
    best: NDArray[np.int64]
    best_scores: NDArray[np.float64]
    annotated: NDArray[np.int64]


class RunReader:
    """An open run file, read-only; any number may be open at once, and any thread may ask.

    Raises RunFileError when the file is missing, damaged, no run file, or of another schema version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect(path, read_only=True, memory=_MEMORY, threads=2)
        self._cursors = threading.local()
        try:
            version = schema.version_of(self._connection)
            _check_version(path, version)
            self._load(version or 0)
        except duckdb.Error as error:
            self.close()
            raise RunFileError(f"{path}: not a run file, or damaged ({str(error).splitlines()[0]})") from error
        except RunFileError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def _load(self, version: int) -> None:
        meta = self._fetch(
            "SELECT content_hash, created, alpha, beta, template, target, vlm, config, versions, dimension "
            "FROM meta, templates"
        )[0]
        config, versions = json.loads(meta[7]), json.loads(meta[8])
        content_hash, created, alpha, beta, template, target, vlm, config, versions, dimension = meta
        self.info = RunInfo(
            *(version, content_hash, created, alpha, beta, template, target, vlm),
            *(json.loads(config), json.loads(versions), dimension),
        )
        self.image_count = int(self._fetch("SELECT count(image) FROM images")[0][0])
        self.concepts = tuple(name for (name,) in self._fetch("SELECT name FROM concepts ORDER BY concept"))
        neurons = self._columns(
            "SELECT maximum, minimum, dead, representatives, best, best_score, annotated FROM neurons ORDER BY neuron"
        )
        self.maxima = neurons["maximum"].astype(np.float64)
        self.minima = neurons["minimum"].astype(np.float64)
        self.own = OwnAnswers(
            neurons["representatives"].astype(np.int64),
            neurons["best"].astype(np.int64),
            neurons["best_score"],
            neurons["annotated"].astype(np.int64),
        )
        self.layers = tuple(self._layer(neurons["dead"], *row) for row in self._fetch("FROM layers ORDER BY layer"))

    def _layer(
        self, dead: NDArray[np.bool_], position: int, name: str, pooling: str, units: int, first: int
    ) -> LayerInfo:
        names = self._fetch("SELECT name FROM neurons WHERE layer = ? ORDER BY unit", position)
        unit_names = tuple(text for (text,) in names)
        named = unit_names if any(unit_names) else ()
        return LayerInfo(name, position, units, pooling, named, dead[first : first + units], first)

    def layer(self, name: str) -> LayerInfo:
        """Raises KeyError when the run has no such layer."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def images(self, indices: Iterable[int]) -> list[ImageInfo]:
        """What is known of these images, in the order asked for. Raises IndexError for one that does not exist."""
        wanted = [int(index) for index in indices]
        chosen = "WHERE image IN (SELECT unnest(?::INTEGER[]))"
        labels: dict[int, list[str]] = {}
        for image, label in self._fetch(f"SELECT image, label FROM labels {chosen} ORDER BY rowid", wanted):  # noqa: S608
            labels.setdefault(image, []).append(label)
        boxes: dict[int, list[Box]] = {}
        for image, *box in self._fetch(f"FROM boxes {chosen} ORDER BY rowid", wanted):
            boxes.setdefault(image, []).append(Box(*box))
        rows = self._fetch(
            f"SELECT image, path, patient, view, width, height, sha256 FROM images {chosen}",  # noqa: S608
            wanted,
        )
        known = {
            image: ImageInfo(
                *(image, path, patient, view, tuple(labels.get(image, ()))),
                *(width, height, sha256, tuple(boxes.get(image, ()))),
            )
            for image, path, patient, view, width, height, sha256 in rows
        }
        missing = set(wanted) - known.keys()
        if missing:
            raise IndexError(f"no image {min(missing)}: the run has {self.image_count}")
        return [known[image] for image in wanted]

    def thumbnail(self, image: int) -> bytes:
        """The encoded thumbnail of an image (engine.store.thumbnails). Raises IndexError for an unknown one."""
        rows = self._fetch("SELECT thumbnail FROM images WHERE image = ?", int(image))
        if not rows:
            raise IndexError(f"no image {image}: the run has {self.image_count}")
        return bytes(rows[0][0])

    def set_aside(self) -> list[SetAside]:
        """The images that could not be used, in the probing set's order."""
        return [
            SetAside(*row)
            for row in self._fetch("SELECT path, reason FROM images WHERE status = 'set aside' ORDER BY position")
        ]

    def findings(self, layer: str) -> list[str]:
        """For each unit the label that most of its representatives at the run's own α carry; "" where none has one."""
        position = self.layer(layer).position
        return [text for (text,) in self._fetch("SELECT finding FROM neurons WHERE layer = ? ORDER BY unit", position)]

    # For engine.store.finished

    def batches(self) -> dict[str, tuple[int, int]]:
        """Batch key -> (position of its first image, number of images)."""
        return {key: (first, size) for key, first, size in self._fetch("FROM batches")}

    def stages(self) -> dict[str, str]:
        """Stage name -> the content key that the run gave it."""
        return dict(self._fetch("SELECT name, key FROM stages"))

    def probed_images(self, position: int, size: int) -> list[tuple[int | None, tuple[Any, ...]]]:
        """For each image from `position` on: its index among the usable ones, and the fields of a ProbedImage."""
        rows = self._fetch(
            "SELECT image, size_bytes, sha256, width, height, thumbnail, reason FROM images "
            "WHERE position BETWEEN ? AND ? ORDER BY position",
            position,
            position + size - 1,
        )
        return [(row[0], row[1:]) for row in rows]

    # For engine.requery

    @property
    def blocks_each(self) -> int:
        """Blocks of one neuron."""
        return -(-self.image_count // schema.BLOCK)

    @cached_property
    def rungs(self) -> NDArray[np.int64]:
        """Ranks that carry a partial sum, ascending; the last is the number of images."""
        ranks = self._columns("SELECT rank FROM partial_sums WHERE neuron = 0 ORDER BY rank")["rank"]
        return ranks.astype(np.int64)

    def tops(self, layer: LayerInfo) -> NDArray[np.float32]:
        """The highest activation in each block of each unit, [units, blocks]."""
        tops = self._columns(
            "SELECT top FROM activation_blocks WHERE neuron BETWEEN ? AND ? ORDER BY neuron, block",
            layer.first_neuron,
            layer.first_neuron + layer.units - 1,
        )["top"]
        return tops.reshape(layer.units, -1)

    def blocks(self, neuron: int, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Images and activations of a neuron in the blocks first … last, activation descending."""
        columns = self._columns(
            "SELECT unnest(images) AS image, unnest(activations) AS activation FROM activation_blocks "
            "WHERE neuron = ? AND block BETWEEN ? AND ?",
            neuron,
            first,
            last,
        )
        used = self.image_count - first * schema.BLOCK
        return columns["image"][:used], columns["activation"][:used]

    def block_rows(
        self, neurons: Sequence[int], blocks: Sequence[int]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Images [n, BLOCK] and activations [n, BLOCK] of some (neuron, block) pairs; the pairs ascend."""
        columns = self._columns(
            "SELECT unnest(images) AS image, unnest(activations) AS activation FROM (SELECT images, activations "
            "FROM activation_blocks JOIN (SELECT unnest(?::INTEGER[]) AS neuron, unnest(?::INTEGER[]) AS block) "
            "USING (neuron, block) ORDER BY neuron, block)",
            list(neurons),
            list(blocks),
        )
        return columns["image"].reshape(-1, schema.BLOCK), columns["activation"].reshape(-1, schema.BLOCK)

    def partial_sums(self, neurons: Sequence[int], ranks: Sequence[int]) -> NDArray[np.float64]:
        """Sums of the unit image embeddings of neurons' first `rank` images, [n, d]; the pairs ascend by neuron."""
        totals = self._columns(
            "SELECT unnest(total) AS total FROM (SELECT total FROM partial_sums "
            "JOIN (SELECT unnest(?::INTEGER[]) AS neuron, unnest(?::INTEGER[]) AS rank) USING (neuron, rank) "
            "ORDER BY neuron)",
            list(neurons),
            list(ranks),
        )["total"]
        return totals.reshape(-1, self.info.dimension)

    def image_embeddings(self) -> NDArray[np.float32]:
        """[p, d], read in pieces so that no second copy exists."""
        embeddings = np.empty((self.image_count, self.info.dimension), dtype=np.float32)
        for start in range(0, self.image_count, _IMAGES_AT_ONCE):
            stop = min(start + _IMAGES_AT_ONCE, self.image_count)
            piece = self._columns(
                "SELECT unnest(embedding) AS value FROM image_embeddings WHERE image BETWEEN ? AND ?", start, stop - 1
            )["value"]
            embeddings[start:stop] = piece.reshape(stop - start, -1)
        return embeddings

    def text_embeddings(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of the prompted concepts [m, d], and of the bare template [d]."""
        concepts = self._columns(
            "SELECT unnest(embedding) AS value FROM (SELECT embedding FROM concepts ORDER BY concept)"
        )["value"]
        template = self._columns("SELECT unnest(embedding) AS value FROM templates")["value"]
        return concepts.reshape(-1, self.info.dimension), template

    def own_scores(self, neuron: int) -> NDArray[np.float64]:
        """The concept scores [m] of a neuron at the run's own α; [0] when it has no representatives."""
        return self._columns("SELECT unnest(scores) AS score FROM concept_scores WHERE neuron = ?", neuron)["score"]

    def _cursor(self) -> Connection:
        cursor: Connection | None = getattr(self._cursors, "cursor", None)
        if cursor is None:
            cursor = self._cursors.cursor = self._connection.cursor()
            cursor.execute("USE run")
        return cursor

    def _fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._cursor().execute(query, list(parameters)).fetchall()

    def _columns(self, query: str, *parameters: object) -> dict[str, NDArray[Any]]:
        columns = self._cursor().execute(query, list(parameters)).fetchnumpy()
        return {name: np.ma.getdata(values) for name, values in columns.items()}


def _check_version(path: Path, version: int | None) -> None:
    if version is None:
        raise RunFileError(f"{path}: a DuckDB file, but not a run file")
    if version > schema.VERSION:
        raise RunFileError(
            f"{path}: written by a newer mammi (schema {version}, this one knows up to {schema.VERSION}); "
            "update mammi to open it"
        )
    if version < schema.VERSION:
        raise RunFileError(
            f"{path}: written by an older mammi (schema {version}, now {schema.VERSION}); "
            "`mammi run` with its configuration brings it up to date"
        )
