"""What a run file holds to connect neurons to the target model's decisions, what it lacks, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.store.decision_records import Head
from engine.store.reader import RunReader

MOST_VALUES = 6
"""The most values of an attribute that are told"""

_TOLERANCE = 2.0**-7
"""How far an output may be from what the head gives, as a share of its terms: a run may be in bfloat16"""


def held(reader: RunReader) -> Iterator[tuple[str, str]]:
    """The outputs and the head, a line for each; nothing for a run without outputs."""
    if not reader.classes:
        return
    how = {"none": "are probabilities", "softmax": "with softmax"}.get(reader.probabilities, "with sigmoid")
    predicted = "the highest counts" if reader.probabilities == "softmax" else f"predicted from {reader.threshold:g}"
    yield "outputs", f"{len(reader.classes):,} {how}, {predicted}"
    head = reader.head
    if head is not None:
        layer = "no layer of the run" if head.layer is None else reader.layers[head.layer].name
        yield "head", f"linear, its {head.weights.shape[1]:,} inputs given by {layer}"


def attributes(reader: RunReader) -> Iterator[tuple[str, str]]:
    """What is recorded of the images beside findings: a line for each attribute, with how many images know it."""
    every = reader.attributes()
    if all(told.name == "view" for told in every):
        yield "attribute", "none beside the view. To add what the probing set says: mammi run CONFIG.toml"
    for told in every:
        known = f"{told.name}: known of {int(told.known.sum()):,} of {reader.image_count:,} images"
        if told.numbers is not None:
            yield "attribute", f"{known}, {np.nanmin(told.numbers):g} to {np.nanmax(told.numbers):g}"
            continue
        counts = sorted(zip(told.members.sum(axis=1), told.values, strict=True), key=lambda each: (-each[0], each[1]))
        shown = [f"{value} {int(count):,}" for count, value in counts[:MOST_VALUES]]
        more = f" and {len(counts) - MOST_VALUES} more" if len(counts) > MOST_VALUES else ""
        yield "attribute", f"{known}, {', '.join(shown) or 'none has a value'}{more}"


def lacking(reader: RunReader) -> Iterator[tuple[str, str]]:
    """What the run does not hold, each with why and what adds it."""
    for lack in reader.missing:
        yield lack.what, f"{lack.why} {f'To add: {lack.remedy}' if lack.remedy else ''}".strip()


def faults(reader: RunReader, images: Sequence[int]) -> Iterator[str]:
    """Checks the rows of some images and yields one line for each fault."""
    outputs, head = reader.outputs, reader.head
    for image in images:
        try:
            activations, inputs = reader.film_activations(image), reader.head_inputs(image)
        except IndexError:
            yield f"image {image}: a row of its activations is missing"
            continue
        if activations is not None and not np.isfinite(activations).all():
            yield f"image {image}: activations that are not finite numbers"
        elif inputs is not None and head is not None and outputs is not None and _off(head, inputs, outputs[image]):
            yield f"image {image}: its outputs are not what the head gives"


def _off(head: Head, inputs: np.ndarray, outputs: np.ndarray) -> bool:
    terms = np.abs(head.weights) @ np.abs(inputs) + np.abs(head.bias)
    return not bool((np.abs(head.weights @ inputs + head.bias - outputs) <= _TOLERANCE * terms).all())
