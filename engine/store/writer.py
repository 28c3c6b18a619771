"""Writes a run file: streams the batches in, sorts each layer's activations, and gives the whole its final name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring, standing
from engine.errors import MAKE_ROOM, MammiError, RunFileError, first_line, writing
from engine.probing.base import Image
from engine.store import embedding_rows, evidence_writer, schema
from engine.store.batch import Batch, ProbedImage
from engine.store.content_hash import ContentHash
from engine.store.contents import RunContents
from engine.store.database import Connection, append, connect, insert_summed, text, transaction
from engine.store.decision_writer import DecisionWriter
from engine.store.image_facts import facts_of
from engine.store.ladder import inverse_lengths
from engine.store.layer_shares import write_layer_shares
from engine.store.layer_writer import LayerWriter
from engine.store.map_writer import write_unit_maps
from engine.store.records import ImageInfo
from engine.store.sealing import seal
from engine.store.spill import TOGETHER, LayerSpill, Spill
from engine.store.whole_file import written_whole

Progress = Callable[[str, int, int], None]
"""Called with (what is being written, how much is done, of how much)"""

_MEMORY = "512MB"
_EMBEDDINGS_HELD = 1 << 29
"""Bytes of image embeddings that are held in memory; more are read from their file again and again"""
_THEN = f"{MAKE_ROOM}: it goes on from here"


def assemble(path: Path, run: RunContents, batches: Iterable[Batch], progress: Progress | None = None) -> None:
    """Writes the run file `path` from batches that together hold every image of `run.images`, in order.

    It writes `path`.partial and renames it when it is whole and on disk: `path` never names a part of a run. Identical
    input gives an identical content hash. Embeddings and activations wait in unnamed temporary files beside `path`.
    Memory holds a few units' activations at a time, and the embeddings where they are few.

    Raises MammiError when no image is usable, a value is not finite or the file cannot be written, and ValueError
    when batches and run do not match.
    """
    with writing(path, _THEN, kind=RunFileError), written_whole(path) as partial, ExitStack() as stack:
        connection = connect(partial, read_only=False, memory=_MEMORY, threads=os.cpu_count() or 1)
        stack.callback(connection.close)
        try:
            _RunWriter(connection, run, path.parent, stack, progress or (lambda _what, _done, _all: None)).write(
                batches
            )
            connection.execute("CHECKPOINT run")
        except duckdb.IOException as error:
            raise OSError(0, first_line(error)) from error


class _RunWriter:
    def __init__(
        self, connection: Connection, run: RunContents, folder: Path, stack: ExitStack, progress: Progress
    ) -> None:
        self._connection = connection
        self._run = run
        self._content = ContentHash(run, run.images)
        self._progress = progress
        self._spills = {layer.name: LayerSpill(folder, stack) for layer in run.layers}
        self._embeddings = Spill(folder, stack)
        self._decisions = run.decisions and DecisionWriter(connection, run, run.decisions, self._spills, folder, stack)

    def write(self, batches: Iterable[Batch]) -> None:
        run = self._run
        schema.create(self._connection, len(run.template_embedding), run.precision)
        self._write_batches(batches)
        embeddings = self._embeddings.held(_EMBEDDINGS_HELD)
        lengths = inverse_lengths(embeddings)
        with transaction(self._connection):
            mean, covariance = standing.spread_of(embeddings, lengths)
            places = np.arange(len(mean), dtype=np.int32)
            spread: dict[str, NDArray[Any]] = {"place": places, "mean": mean, "covariance": covariance}
            insert_summed(self._connection, "embedding_spread", spread)
            directions = scoring.concept_directions(run.text_embeddings, run.template_embedding)
            moments = standing.moments(mean, covariance, directions, len(embeddings))
            self._write_concepts(moments)
            evidence_writer.write_texts(self._connection, run)
        layers = LayerWriter(self._connection, run, embeddings, lengths, moments)
        first_neuron = 0
        for index, layer in enumerate(run.layers):
            activations = self._spills[layer.name]
            layers.write(index, activations, self._progress)
            if maps := run.unit_maps(layer.name):
                with transaction(self._connection):
                    write_unit_maps(self._connection, index, first_neuron, maps)
            first_neuron += activations.shape[1]
        if self._decisions:
            self._decisions.write(lambda films: self._progress("films", films, len(embeddings)))
        numbers = {layer.name: number for number, layer in enumerate(run.layers)}
        for shares in run.layer_shares:
            with transaction(self._connection):
                write_layer_shares(self._connection, numbers[shares.layer], shares)
        with transaction(self._connection):
            evidence_writer.write_methods(self._connection, run)
            self._write_meta()
        with transaction(self._connection):
            seal(self._connection)

    def _write_batches(self, batches: Iterable[Batch]) -> None:
        run = self._run
        position = image = 0
        for some in _together(batches):
            with transaction(self._connection):
                for batch in some:
                    self._check(batch, position)
                    self._write_batch(batch, position, image)
                    position += len(batch.images)
                    image += batch.usable
            self._progress("images", position, len(run.images))
        if position != len(run.images):
            raise ValueError(f"the batches hold {position} images, the run {len(run.images)}")
        if image == 0:
            raise MammiError(f"none of the probing set's {position} images is usable; nothing to write")

    def _write_batch(self, batch: Batch, position: int, image: int) -> None:
        self._write_images(batch, position, image)
        if batch.usable:
            indices = np.arange(image, image + batch.usable, dtype=np.int32)
            rows = embedding_rows.columns(indices, batch.embeddings, self._run.precision)
            insert_summed(self._connection, "image_embeddings", rows)
        if self._decisions:
            self._decisions.add(batch, position, image)
        self._embeddings.append(batch.embeddings)
        for layer, spill in self._spills.items():
            spill.append(batch.activations[layer])
        self._content.add(batch)

    def _check(self, batch: Batch, position: int) -> None:
        if position + len(batch.images) > len(self._run.images):
            raise ValueError(f"the batches hold more images than the run's {len(self._run.images)}")
        if batch.activations.keys() != self._spills.keys():
            raise ValueError(f"a batch has layers {sorted(batch.activations)}, the run {sorted(self._spills)}")
        for name, array in [("the image embeddings", batch.embeddings), *batch.activations.items()]:
            if len(array) != batch.usable:
                raise ValueError(f"{name}: {len(array)} rows for {batch.usable} usable images")
            if not np.isfinite(array).all():
                row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
                usable = [index for index, image in enumerate(batch.images) if not image.reason]
                film = self._run.images[position + usable[row]].path
                raise MammiError(f"{name}: not a finite number for image {film}; check the model and mixed precision")

    def _write_images(self, batch: Batch, position: int, image: int) -> None:
        rows: dict[str, list[Sequence[object]]] = {
            name: []
            for name in (
                "images",
                "labels",
                "boxes",
                "polygons",
                "image_parameters",
                "image_attributes",
                "part_reasons",
            )
        }
        for place, probed in enumerate(batch.images, start=position):
            entry = self._run.images[place]
            usable = not probed.reason
            rows["images"].append(
                (
                    *(place, image if usable else None, "usable" if usable else "set aside"),
                    *(text(probed.reason), text(entry.path), probed.size_bytes, probed.sha256),
                    *(probed.width, probed.height),
                    *(text(entry.patient), text(entry.view), text(entry.report), probed.thumbnail),
                    *(probed.input_low, probed.input_high, probed.input_mean, probed.input_std),
                    *(*self._keys(place), facts_of(entry, probed.reason)),
                    _record(image, entry, probed) if usable else None,
                )
            )
            if usable:
                rows["labels"] += [(image, text(label)) for label in entry.labels]
                rows["boxes"] += [(image, text(box.label), box.x, box.y, box.width, box.height) for box in entry.boxes]
                rows["polygons"] += [(image, text(polygon.label), polygon.points) for polygon in entry.polygons]
                rows["image_parameters"] += [(image, name, value) for name, value in entry.parameters.items()]
                rows["image_attributes"] += [
                    (image, text(name), text(value)) for name, values in entry.attributes.items() for value in values
                ]
                image += 1
            else:
                rows["part_reasons"] += [(place, text(part), text(reason)) for part, reason in probed.part_reasons]
        for table, values in rows.items():
            append(self._connection, table, values)

    def _keys(self, place: int) -> tuple[str | None, str | None]:
        """The columns film_key and embedding_key of an image."""
        if not self._run.image_keys:
            return None, None
        film, embedding = self._run.image_keys[place]
        return film, embedding if embedding != film else None

    def _write_concepts(self, moments: standing.Moments) -> None:
        run = self._run
        template = {"template": np.array([run.template], dtype=object), "embedding": run.template_embedding[None]}
        insert_summed(self._connection, "templates", template)
        sets = [(number, each.name, each.kind) for number, each in enumerate(run.concept_sets)]
        append(self._connection, "concept_sets", sets)
        for number, each in enumerate(run.concept_sets):
            members = [(number, place, concept) for place, concept in enumerate(each.concepts)]
            append(self._connection, "concept_set_members", members)
        count = len(run.concepts)
        if count == 0:
            return
        columns = {
            "concept": np.arange(count, dtype=np.int32),
            "name": np.array([text(concept) for concept in run.concepts], dtype=object),
            "embedding": run.text_embeddings,
            "score_mean": moments.means,
            "score_deviation": moments.deviations,
        }
        insert_summed(self._connection, "concepts", columns)

    def _write_meta(self) -> None:
        run = self._run
        parts = run.parts.by_name() if run.parts else {}
        for table, keys in (("stages", run.stages), ("sources", run.sources), ("parts", parts)):
            append(self._connection, table, [(text(name), key) for name, key in keys.items()])
        append(self._connection, "notes", [(text(note.source), text(note.text)) for note in run.notes])
        row = [
            self._content.hexdigest(),
            datetime.now(UTC).isoformat(timespec="seconds"),
            json.dumps(run.config, sort_keys=True),
            json.dumps(run.versions, sort_keys=True),
            run.target,
            run.vlm,
            run.alpha,
            run.beta,
            len(run.template_embedding),
            run.ranking,
            str(run.selection),
        ]
        self._connection.execute("INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _record(image: int, entry: Image, probed: ProbedImage) -> int:
    """The column record_sum of a usable image."""
    told = [(text(name), text(value)) for name, values in entry.attributes.items() for value in values]
    return ImageInfo(
        *(image, text(entry.path) or "", text(entry.patient), text(entry.view)),
        *(tuple(text(label) or "" for label in entry.labels), probed.width, probed.height, probed.sha256),
        tuple(replace(box, label=text(box.label) or "") for box in entry.boxes),
        tuple(replace(polygon, label=text(polygon.label) or "") for polygon in entry.polygons),
        tuple((name or "", value or "") for name, value in told),
    ).record_sum


def _together(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Batches that are committed together, of TOGETHER images or a little more: a commit waits for the disk."""
    some: list[Batch] = []
    for batch in batches:
        some.append(batch)
        if sum(len(each.images) for each in some) >= TOGETHER:
            yield some
            some = []
    if some:
        yield some
