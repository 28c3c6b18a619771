"""Metadata of a run's images, made from texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.evidence.metadata import Recorded


def column(values: Sequence[str | None]) -> Recorded:
    names = sorted({value for value in values if value is not None})
    codes = [-1 if value is None else names.index(value) for value in values]
    return Recorded(np.array(codes, dtype=np.int32), tuple(names))
