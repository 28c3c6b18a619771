"""The protocol of a vision-language model: images and texts into one space of unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


class VLM(Protocol):
    """An image-text model. One file in engine/vlms for each kind."""

    dimension: int
    identity: str
    """Hash of all that determines an embedding (weights, architecture, preprocessing, tokenizer): the cache key."""

    def preprocess(self, film: NDArray[np.uint8]) -> torch.Tensor:
        """An 8-bit grey film [h, w] to one float32 input [c, h', w'] on the CPU. Safe to call from several threads."""
        ...

    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        """Inputs [n, c, h', w'] on the model's device to float32 unit vectors [n, d]."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts to unit vectors [len(texts), d]. The result of one text does not depend on the others."""
        ...
