"""What is wrong with a run file, and what a reader of the run is warned of.

A run file is consistent when its stored answers follow from its activations and embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.annotation import scoring
from engine.annotation.rows import Rows, parts
from engine.errors import MammiError, UnreadableImage
from engine.progress import Progress, Silent
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo
from engine.store.thumbnails import decode
from mammi_tui.console import decision_health

_UNITS = 16
"""Units checked in each layer, evenly spread"""
_THUMBNAILS = 200
"""Thumbnails checked, evenly spread"""

_ROWS = 50
"""Images whose activations by row and outputs are checked, evenly spread"""
_TOLERANCE = 1e-6


def faults(reader: RunReader, progress: Progress | None = None) -> Iterator[str]:
    """Checks a run and yields one line for each fault: some rows of each kind, all of them where it is given a
    `progress` to report to."""
    units, thumbnails, rows = (None, None, None) if progress else (_UNITS, _THUMBNAILS, _ROWS)
    progress = progress or Silent()
    if reader.image_count == 0:
        yield "no usable image"
        return
    yield from _broken_thumbnails(reader, _spread(reader.image_count, thumbnails), progress)
    embeddings = reader.arrays.image_embeddings()
    texts, template = reader.arrays.text_embeddings()
    others = [array for place in range(len(reader.other_templates)) for array in reader.arrays.other_template(place)]
    stored = [texts, template, reader.arrays.caption_embeddings(), *others]
    pieces = (embeddings[part] for part in parts(len(embeddings)))
    if not all(np.isfinite(array).all() for array in chain(stored, pieces)):
        yield "embeddings that are not finite numbers"
        return
    yield from decision_health.faults(reader, _spread(reader.image_count, rows))
    requery = Requery(reader)
    for layer in reader.layers:
        chosen = _spread(layer.units, units)
        progress.stage(f"answers of {layer.name}", len(chosen))
        for unit in chosen:
            progress.advance(1)
            if _differs(reader, requery, layer, unit, embeddings, texts, template):
                yield f"{layer.name}:{unit}: the stored scores are not those of its representative images"


def warnings(reader: RunReader) -> list[str]:
    """What was warned of while the run was made, and what is likely wrong with the films or the target model's inputs,
    although the run file may be sound."""
    from engine.targets.input_check import likely_mistakes, sampled

    films = []
    for image in sampled(reader.image_count):
        with suppress(UnreadableImage):  # reported as a fault
            films.append(decode(reader.thumbnail(image)))
    mistakes = likely_mistakes(reader.input_statistics(), films, reader.info.config.get("target", {}))
    return [note.text for note in reader.notes] + mistakes


def _broken_thumbnails(reader: RunReader, images: Sequence[int], progress: Progress) -> Iterator[str]:
    progress.stage("thumbnails", len(images))
    for image in images:
        progress.advance(1)
        try:
            decode(reader.thumbnail(image))
        except MammiError as error:
            yield f"image {image}: {error}"


def _differs(
    reader: RunReader,
    requery: Requery,
    layer: LayerInfo,
    unit: int,
    embeddings: Rows,
    texts: NDArray[np.float32],
    template: NDArray[np.float32],
) -> bool:
    neuron = layer.first_neuron + unit
    answer = requery.neuron(layer.name, unit, reader.info.cuts)
    if len(answer.images) != reader.own.counts[neuron] or answer.annotated != reader.own.annotated[neuron]:
        return True
    if len(answer.images) == 0:
        return False
    fresh = scoring.concept_scores(embeddings[answer.images], texts, template)
    return not np.allclose(fresh, answer.scores, rtol=0, atol=_TOLERANCE)


def _spread(count: int, most: int | None) -> Sequence[int]:
    """At most `most` evenly spread numbers below `count`, the first and the last among them; all without `most`."""
    if most is None:
        return range(count)
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})
