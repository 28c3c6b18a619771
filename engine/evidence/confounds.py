"""What else the representative images have in common: one patient, one view, one label.

Each kind gives the most common value among the n representative images, which k of them have, as a share of the n and
of the whole probing set. An image whose value is not recorded counts in both totals. The value was chosen for being the
most common, so the p-value is the chance that *some* value reaches k in n random images: the sum over all values of the
hypergeometric tails P(X_v ≥ k). That sum is the chance itself when k > n/2 and an image has one value of the kind, and
never below the chance otherwise (Boole's inequality).

None of these is a fault in itself. A neuron for effusion should respond to images that carry the label. A neuron that
takes half of its images from one patient may respond to the patient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ImageSets
from engine.evidence.details import Confound, Floats
from engine.evidence.enrichment import carried_by, hypergeometric_tail
from engine.evidence.metadata import Metadata, Recorded


def shares(sets: ImageSets, metadata: Metadata) -> tuple[Floats, Floats, Floats]:
    """Shares of the most common patient, view and label in each of n sets, [n] each; NaN where no image has any."""
    found = np.full((3, len(sets)), np.nan)
    for index in range(len(sets)):
        images = sets.of(index)
        for kind, column in enumerate((metadata.patients, metadata.views)):
            _, counts = _values(column, images)
            if len(counts):
                found[kind, index] = counts.max() / len(images)
        if metadata.labels and len(images):
            found[2, index] = carried_by(images, metadata).max() / len(images)
    return found[0], found[1], found[2]


def confounds(images: NDArray[np.integer], metadata: Metadata) -> tuple[Confound, ...]:
    """The most common patient, view and label of one neuron's representative images, each if it is recorded."""
    found = (
        _of_column("patient", metadata.patients, images),
        _of_column("view", metadata.views, images),
        _of_labels(images, metadata),
    )
    return tuple(confound for confound in found if confound is not None)


def _of_column(kind: str, column: Recorded, images: NDArray[np.integer]) -> Confound | None:
    values, counts = _values(column, images)
    if len(values) == 0:
        return None
    sizes, (different, times) = column.sizes, column.times
    best = int(counts.argmax())
    drawn, total = len(images), len(column.codes)
    chance = float((times * hypergeometric_tail(counts[best], different, drawn, total)).sum())
    share, base_share = counts[best] / drawn, sizes[values[best]] / total
    return Confound(kind, column.names[values[best]], float(share), float(base_share), min(chance, 1.0))


def _of_labels(images: NDArray[np.integer], metadata: Metadata) -> Confound | None:
    if not metadata.labels or len(images) == 0:
        return None
    inside, sizes, total = carried_by(images, metadata), metadata.totals, len(metadata.carried)
    best = int(inside.argmax())
    if inside[best] == 0:
        return None
    chance = float(hypergeometric_tail(inside[best], sizes, len(images), total).sum())
    share, base_share = inside[best] / len(images), sizes[best] / total
    return Confound("label", metadata.labels[best], float(share), float(base_share), min(chance, 1.0))


def _values(column: Recorded, images: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The values that some images have, as codes, and how many images have each."""
    codes = column.codes[images]
    values, counts = np.unique(codes[codes >= 0], return_counts=True)
    return values, counts
