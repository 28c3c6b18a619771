"""MedCLIP behind the VLM protocol: our own adapter, because the `medclip` package works with transformers 4.24 only.

It agrees with that package: pixels are equal, embeddings to 1e-6. Preprocessing is that of MedCLIPFeatureExtractor
(RyanWangZf/MedCLIP, medclip/dataset.py). Texts are encoded as in the paper's code, one at a time and so without padding
(ailab-kyunghee/MAMMI, utils/concept_matching_utils.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from engine.errors import UnreadableImage
from engine.probing.base import Image as ProbingImage
from engine.probing.decoding import MAX_PIXELS
from engine.vlms.models.bert import encode_by_length, load_tokenizer
from engine.vlms.models.medclip_network import IMAGE_SIDE, MedCLIP, load_model

MEAN = 0.5862785803043838
STD = 0.27950088968644304
"""MedCLIP's mean and standard deviation of grey levels scaled to [0, 1]"""


def film_pixels(film: NDArray[np.uint8]) -> Tensor:
    """Turns an 8-bit grey film [h, w] into float32 [1, 224, 224]: padded with black to a square, resized, normalised.

    Raises UnreadableImage for a film so long and narrow that its square would fill the memory.
    """
    height, width = film.shape
    side = max(IMAGE_SIDE, height, width)
    if side * side > MAX_PIXELS:
        raise UnreadableImage(f"too long for MedCLIP, which pads to a square: {width} × {height} pixels")
    square = Image.new("L", (side, side))
    square.paste(Image.fromarray(film), ((side - width) // 2, (side - height) // 2))
    resized = square.resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BICUBIC)
    scaled = np.asarray(resized, dtype=np.float32) * np.float32(1 / 255)
    return torch.from_numpy((scaled - np.float32(MEAN)) / np.float32(STD))[None]


class MedCLIPVLM:
    """MedCLIP behind the VLM protocol."""

    by_name = False

    def __init__(self, model: MedCLIP, name: str, identity: str, tokenizer: Tokenizer, device: torch.device) -> None:
        self.name = name
        self.dimension: int = model.heads["text_model"]["projection_head"].out_features  # type: ignore[index]
        self.identity = identity
        self._model = model.to(device)
        self._tokenizer = tokenizer
        self._device = device

    def preprocess(self, film: NDArray[np.uint8], image: ProbingImage) -> Tensor:  # noqa: ARG002
        """float32 [1, 224, 224]."""
        return film_pixels(film)

    @torch.inference_mode()
    def encode_images(self, batch: Tensor) -> Tensor:
        return functional.normalize(self._model.images(batch).float(), dim=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return encode_by_length(texts, self._tokenizer, self.dimension, self._device, self._model.texts)


def load_vlm(weights: Path, tokenizer: Path, identity: str, device: torch.device) -> MedCLIPVLM:
    """The VLM from a file of weights, or the zip that holds it, and the folder of a tokenizer.

    Raises MammiError when a file is missing or damaged, and one that lists the keys when the weights do not fit.
    """
    model, vision = load_model(weights)
    config = model.bert.config
    words = load_tokenizer(tokenizer, "vlm.tokenizer", config.vocab_size, config.max_position_embeddings)
    return MedCLIPVLM(model, f"MedCLIP {vision}", identity, words, device)
