"""What a run makes of some images of its probing set: the piece that is computed, stored and resumed as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ProbedImage:
    """What opening one image told. `reason` says why it was set aside; it is empty for a usable image."""

    size_bytes: int
    sha256: str
    width: int = 0
    height: int = 0
    """Pixels of the decoded film; 0 when set aside."""
    thumbnail: bytes = b""
    """engine.store.thumbnails.encode of the film; empty when set aside."""
    reason: str = ""
    input_low: float = 0.0
    input_high: float = 0.0
    input_mean: float = 0.0
    input_std: float = 0.0
    """Range, mean and standard deviation of the target model's input made of this image; 0 when set aside."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Images in the order of the probing set, those set aside included, and the arrays of the usable ones."""

    images: tuple[ProbedImage, ...]
    embeddings: NDArray[np.float32]
    """[usable, d]"""
    activations: Mapping[str, NDArray[np.float32]]
    """Layer name -> pooled activations [usable, units]"""

    @property
    def usable(self) -> int:
        return sum(not image.reason for image in self.images)
