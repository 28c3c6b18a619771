"""From a target model's outputs to probabilities and predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats
from engine.store.decision_records import Probabilities

Flags = NDArray[np.bool_]

_ROWS = 4096
"""Films whose outputs are widened to float64 at once: they stay in the processor's cache"""


def as_probabilities(outputs: Floats, how: Probabilities) -> Floats:
    """Outputs [p, classes] as probabilities, float32."""
    if how == "none":
        return outputs
    found = np.empty(outputs.shape, np.float32)
    for start in range(0, len(outputs), _ROWS):
        values = outputs[start : start + _ROWS].astype(np.float64)
        found[start : start + _ROWS] = _softmax(values) if how == "softmax" else _sigmoid(values)
    return found


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers: NDArray[np.float64] = np.exp(values - values.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    small = np.exp(-np.abs(values))  # of what is at most 1, so that no output overflows
    found: NDArray[np.float64] = np.where(values >= 0, 1.0, small) / (1 + small)
    return found


def predictions(probabilities: Floats, how: Probabilities, threshold: float) -> Flags:
    """Which films are predicted to have which class, [p, classes]. NaN predicts nothing."""
    if how != "softmax":
        return probabilities >= np.float32(threshold)
    flags = np.zeros(probabilities.shape, dtype=np.bool_)
    usable = np.flatnonzero(~np.isnan(probabilities).any(axis=1))
    flags[usable, probabilities[usable].argmax(axis=1)] = True
    return flags
