"""Which label most of some images carry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.annotation.image_sets import ranges


class LabelCounts:
    """Over the labels of p images: pairs of an image and one of its labels."""

    def __init__(self, images: int, pairs: Sequence[tuple[int, str]]) -> None:
        self._names = sorted({label for _, label in pairs})
        numbers = {name: number for number, name in enumerate(self._names)}
        owners = np.array([image for image, _ in pairs], dtype=np.int64)
        labels = np.array([numbers[label] for _, label in pairs], dtype=np.int32)
        self._labels = labels[np.argsort(owners, kind="stable")]
        self._sizes = np.bincount(owners, minlength=images)
        self._starts = np.cumsum(self._sizes) - self._sizes

    def most(self, images: NDArray[np.integer]) -> str:
        """The label that most of these images carry, the first by name if several tie; "" when none has a label."""
        found = self._labels[ranges(self._starts[images], self._sizes[images])]
        return self._names[int(np.bincount(found).argmax())] if len(found) else ""
