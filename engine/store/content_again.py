"""Computes the content hash of a run file again, from its rows, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from engine.annotation.rows import parts
from engine.errors import RunFileError, writing
from engine.own_files import temporary_folder
from engine.probing.base import Image
from engine.progress import Progress
from engine.store.batch import Batch, ProbedImage
from engine.store.content_hash import ContentHash
from engine.store.contents import Layer, RunContents
from engine.store.cursors import Cursors
from engine.store.image_facts import as_stored, image_of
from engine.store.image_tables import read_images
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.spill import TOGETHER, Spill

_ROWS = 2048


def content_again(reader: RunReader, progress: Progress) -> str | None:
    """The content hash of what a run file holds. It is that of RunInfo where nothing was changed.

    None where a file of before version 9 gives no such hash: it does not say all that the hash was over.
    Raises RunFileError for a damaged file, and where the folder of temporary files has no room for a layer.
    """
    cursors, told = reader._cursors, reader.info.content_hash
    [(positions, known)] = cursors.rows("SELECT count(*), count(facts) FROM images")
    progress.stage("content", positions + sum(layer.units for layer in reader.layers))
    if known < positions != reader.image_count:
        return None
    with cursors.whole():
        content = ContentHash(_contents(reader), _images(cursors, positions))
        nothing = np.empty((0, reader.info.dimension), np.float32)
        for films in _films(cursors, positions):
            content.add(Batch(films, nothing, {}))
            progress.advance(len(films))
        for some in parts(reader.image_count, _ROWS):
            rows = reader.arrays.image_embeddings_of(np.arange(some.start, some.stop))
            content.add(Batch((), rows, {}))
        for layer in reader.layers:
            for activations in _activations(reader, layer, progress):
                content.add(Batch((), nothing, {layer.name: activations}))
    found = content.hexdigest()
    return found if known == positions or found == told else None


def _contents(reader: RunReader) -> RunContents:
    """What the hash is over of the run itself."""
    info = reader.info
    texts, template = reader.arrays.text_embeddings()
    return RunContents(
        images=(),
        layers=[Layer(each.name, each.pooling, each.unit_names, numberless=each.numberless) for each in reader.layers],
        concepts=reader.concepts,
        concept_sets=reader.concept_sets,
        text_embeddings=texts,
        template=info.template,
        template_embedding=template,
        alpha=info.alpha,
        beta=info.beta,
        target=info.target,
        vlm=info.vlm,
        ranking=info.ranking,
        selection=info.selection,
    )


def _images(cursors: Cursors, positions: int) -> Iterator[Image]:
    """What the probing set says of its images, in its order."""
    query = "SELECT image, facts, report FROM images WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
    values = "SELECT image, name, value FROM image_parameters WHERE image IN (SELECT unnest(?::INTEGER[]))"
    for some in parts(positions, _ROWS):
        rows = cursors.rows(query, some.start, some.stop - 1)
        wanted = [image for image, _, _ in rows if image is not None]
        known = read_images(cursors.unchecked_rows, wanted)
        parameters: dict[int, dict[str, float]] = {}
        for image, name, value in cursors.rows(values, wanted):
            parameters.setdefault(image, {})[name] = value
        for image, facts, report in rows:
            stored = None
            if image is not None:
                info, _ = known[image]
                told = info.path, info.patient, info.view, info.labels, info.boxes, info.polygons
                stored = Image(*told, report, parameters.get(image, {}))
            said = image_of(facts)[0] if facts else None
            if said and stored in (None, as_stored(said)):
                yield said
            elif stored:
                yield stored


def _films(cursors: Cursors, positions: int) -> Iterator[tuple[ProbedImage, ...]]:
    """What opening each image gave, in the probing set's order."""
    names = ("size_bytes", "sha256", "width", "height", "thumbnail", "reason", "facts")
    also = "size_bytes, sha256, width, height, reason, coalesce(facts, '') AS facts"
    for some in parts(positions, _ROWS):
        found = cursors.arrays("images", "rowid BETWEEN ? AND ?", some.start, some.stop - 1, also=also)
        rows = zip(*(found[name].tolist() for name in names), strict=True)
        yield tuple(
            ProbedImage(size, digest, width, height, bytes(thumbnail), image_of(facts)[1] if facts else reason)
            for size, digest, width, height, thumbnail, reason, facts in rows
        )


def _activations(reader: RunReader, layer: LayerInfo, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """The activations of a layer by image, [n, units]. They are stored by unit, and wait in a file without a name."""
    folder = temporary_folder()
    with ExitStack() as stack, writing(f"{reader.path}: its activations wait in {folder}", kind=RunFileError):
        units = Spill(folder, stack)
        for some in reader.arrays.units(layer):
            units.append(some)
            progress.advance(len(some))
        for start in range(0, reader.image_count, TOGETHER):
            yield units.columns(start, min(start + TOGETHER, reader.image_count)).T
