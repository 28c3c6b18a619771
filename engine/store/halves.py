"""Numbers in float16 with a scale, as a run file keeps the activations of each film and the inputs of the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats

_LARGEST = 2.0**15
"""The largest number that is stored: float16 ends at 65,504"""
_BITS = 11
"""Bits of the mantissa of a float16"""


def scale_of(largest: float) -> float:
    """The scale for numbers of at most this size: a power of two, so that dividing by it rounds nothing."""
    return float(2.0 ** np.ceil(np.log2(largest / _LARGEST))) if largest > 0 else 1.0


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
