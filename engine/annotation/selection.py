"""Representative images of a neuron: Eq. 1 of MAMMI (Kim, Ahn, Kim; MICCAI 2024, arXiv 2407.11375)."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = TypeVar("Floats", float, NDArray[np.float64])


def check_cut(name: str, value: float) -> None:
    """Raises ValueError unless an α or β lies in [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")


def threshold_between(minimum: Floats, maximum: Floats, alpha: float) -> Floats:
    """τ = max − (1 − α)·(max − min), in float64, for one neuron or for many."""
    return maximum - (1.0 - alpha) * (maximum - minimum)


def above(activations: ArrayLike, tau: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Activation > τ, strict. Widens float32 first: NumPy would round τ to float32 and change the set at the cut."""
    return np.asarray(activations, dtype=np.float64) > tau


def threshold(activations: ArrayLike, alpha: float) -> float:
    """τ of Eq. 1 for one neuron's activations [p].

    Raises ValueError for an empty input, a NaN or an infinity, or an α outside [0, 1].
    """
    values = _activations(activations)
    check_cut("alpha", alpha)
    return threshold_between(float(values.min()), float(values.max()), alpha)


def representatives(activations: ArrayLike, alpha: float) -> NDArray[np.int64]:
    """Indices of the images with activation > τ (Eq. 1), activation descending, ties by index; int64 [n].

    A dead unit (max = min) has none. Raises as `threshold` does.
    """
    values = _activations(activations)
    selected = np.flatnonzero(above(values, threshold(values, alpha)))
    return selected[np.argsort(-values[selected], kind="stable")]


def _activations(activations: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(activations, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"activations of one neuron are a non-empty vector, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("activations must be finite")
    return values
