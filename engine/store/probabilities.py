"""From a target model's outputs to probabilities and predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.store.batch import Floats
from engine.store.decision_records import Probabilities

Flags = NDArray[np.bool_]


def as_probabilities(outputs: Floats, how: Probabilities) -> Floats:
    """Outputs [p, classes] as probabilities, float32."""
    if how == "none":
        return outputs
    values = outputs.astype(np.float64)
    if how == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        values = powers / powers.sum(axis=1, keepdims=True)
    else:
        small = np.exp(-np.abs(values))  # of what is at most 1, so that no output overflows
        values = np.where(values >= 0, 1.0, small) / (1 + small)
    found: Floats = values.astype(np.float32)
    return found


def predictions(probabilities: Floats, how: Probabilities, threshold: float) -> Flags:
    """Which films are predicted to have which class, [p, classes]. NaN predicts nothing."""
    if how != "softmax":
        return probabilities >= np.float32(threshold)
    flags = np.zeros(probabilities.shape, dtype=np.bool_)
    usable = np.flatnonzero(~np.isnan(probabilities).any(axis=1))
    flags[usable, probabilities[usable].argmax(axis=1)] = True
    return flags
