"""Activations as a run file stores them: sorted, as integers that grow along the ranks.

A float32's code is ~bits & 0x7fffffff where it is positive and its bits where it is negative, so codes ascend as
activations descend. DuckDB packs them in half the space of the numbers, to the last bit. −0.0 and 0.0 keep their signs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIGN = np.uint32(1 << 31)

AS_REAL = """(CASE WHEN code < 2147483648 THEN 1.0 ELSE -1.0 END * CASE
        WHEN code < 2147483648 AND code > 2139095039 THEN (2147483647 - code) * pow(2.0, -149)
        WHEN code < 2147483648 THEN (8388608 + (2147483647 - code) % 8388608)
            * pow(2.0, (2147483647 - code) // 8388608 - 150)
        WHEN code < 2155872256 THEN (code - 2147483648) * pow(2.0, -149)
        ELSE (8388608 + (code - 2147483648) % 8388608) * pow(2.0, (code - 2147483648) // 8388608 - 150)
    END)::FLOAT"""
"""The activation of a `code` in SQL: sign, mantissa and exponent of IEEE 754, which a DOUBLE holds exactly"""


def codes(activations: NDArray[np.float32]) -> NDArray[np.uint32]:
    """The code of each activation."""
    bits = np.asarray(activations, np.float32).view(np.uint32)
    return np.where(bits < _SIGN, bits ^ (_SIGN - np.uint32(1)), bits)


def activations(stored: NDArray[np.uint32]) -> NDArray[np.float32]:
    """The activation of each code: codes are made in the same way."""
    return codes(np.ascontiguousarray(stored, np.uint32).view(np.float32)).view(np.float32)


def ranked(columns: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The images of n neurons, activation descending, ties by index, and their activations, [n, p] each, from the
    activations by image [n, p]."""
    order = np.empty(columns.shape, np.int32)
    values = np.empty_like(columns)
    places = np.arange(columns.shape[1], dtype=np.uint64)
    for row, column in enumerate(columns):
        keys: NDArray[Any] = codes(column + np.float32(0)).astype(np.uint64)  # −0.0 ties with 0.0
        keys <<= np.uint64(32)
        keys |= places
        keys.sort()
        order[row] = keys.astype(np.uint32).view(np.int32)
        values[row] = column[order[row]]
    return order, values
