"""Numbers in float16 with a scale, as a run file keeps the activations of each film and the inputs of the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats

_LARGEST = 2.0**15
"""The largest number that is stored: float16 ends at 65,504"""
_LEAST = -126
"""The exponent of the smallest scale: that of the smallest normal float32"""
_BITS = 11
"""Bits of the mantissa of a float16"""


def scale_of(largest: NDArray[np.floating]) -> NDArray[np.float64]:
    """The scale for numbers of at most each of these sizes: powers of two, so that dividing by them rounds nothing."""
    sizes = np.asarray(largest, np.float64)  # float32 has no smaller numbers than some activations
    exponents = np.ceil(np.log2(np.where(sizes > 0, sizes, _LARGEST) / _LARGEST))
    return np.asarray(2.0 ** np.maximum(exponents, _LEAST))


def to_halves(values: Floats) -> Floats:
    """Values rounded to the precision of a float16, whatever their size. Stored and read again, they are the same."""
    mantissa, exponent = np.frexp(values)
    rounded: Floats = np.ldexp(np.rint(mantissa * 2**_BITS) / 2**_BITS, exponent).astype(np.float32)
    return rounded


def stored(values: Floats, scale: Any) -> NDArray[np.float16]:
    """Values as they are stored; little-endian."""
    return (values / np.asarray(scale, np.float32)).astype("<f2")


def restored(halves: NDArray[np.float16], scale: Any) -> Floats:
    """The values that were stored."""
    return np.asarray(halves.astype(np.float32) * np.asarray(scale, np.float32))
