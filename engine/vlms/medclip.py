"""MedCLIP, the paper's VLM: our own adapter, as the `medclip` package works with transformers 4.24 only.

It gives what that package gives: equal pixels, and embeddings to 1e-6. Preprocessing is that of MedCLIPFeatureExtractor
(RyanWangZf/MedCLIP, medclip/dataset.py). Texts are encoded as the paper's code does, one at a time and so without
padding (ailab-kyunghee/MAMMI, utils/concept_matching_utils.py).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import functional as transforms

from engine.errors import UnreadableImage
from engine.probing.base import Image as ProbingImage
from engine.probing.decoding import MAX_PIXELS
from engine.vlms.bert import encode_by_length, load_tokenizer
from engine.vlms.medclip_model import IMAGE_SIDE, MedCLIP, load_model
from engine.weights.checkpoint import fingerprint

MEAN = 0.5862785803043838
STD = 0.27950088968644304
"""Of grey levels scaled to [0, 1]."""

Parity = Literal["none", "published"]


class Options(BaseModel, extra="forbid", frozen=True):
    weights: Path
    """The published zip (medclip-vit-pretrained.zip, or medclip-pretrained.zip with ResNet), the directory it unpacks
    to, or the file of weights in it. Which of the two vision sides it has is seen from its keys."""
    tokenizer: Path
    """A folder with Bio_ClinicalBERT's vocab.txt or tokenizer.json."""
    parity: Parity = "none"
    """ "published" encodes what the paper's code encoded: not the film, but the target model's view of it (shorter side
    to 256 pixels, the 224 in the centre), saved as JPEG and read again. Its effect can so be measured."""


def film_pixels(film: NDArray[np.uint8]) -> Tensor:
    """An 8-bit grey film [h, w] to float32 [1, 224, 224]: padded with black to a square, resized, normalised.

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


def published_view(film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The 224 × 224 pixels that the paper's code saved for MedCLIP and read again (ailab-kyunghee/MAMMI,
    example_selection.py): Pillow's JPEG of its default quality. The published JPEG is in colour; of a grey film it
    holds the same brightness."""
    small = transforms.center_crop(transforms.resize(Image.fromarray(film), [256]), [IMAGE_SIDE])
    file = io.BytesIO()
    small.save(file, "JPEG")
    return np.asarray(Image.open(file))


class MedCLIPVLM:
    """MedCLIP behind the VLM protocol."""

    def __init__(
        self, model: MedCLIP, name: str, dimension: int, tokenizer: Tokenizer, parity: Parity, device: torch.device
    ) -> None:
        self.name = name
        self.dimension = dimension
        words = hashlib.sha256(tokenizer.to_str().encode()).hexdigest()
        self.identity = fingerprint(model, "medclip", IMAGE_SIDE, MEAN, STD, parity, words)
        self._model = model.to(device)
        self._tokenizer = tokenizer
        self._parity = parity
        self._device = device

    def preprocess(self, film: NDArray[np.uint8], image: ProbingImage) -> Tensor:  # noqa: ARG002
        """float32 [1, 224, 224]."""
        return film_pixels(published_view(film) if self._parity == "published" else film)

    @torch.inference_mode()
    def encode_images(self, batch: Tensor) -> Tensor:
        return functional.normalize(self._model.images(batch).float(), dim=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return encode_by_length(texts, self._tokenizer, self.dimension, self._device, self._model.texts)


def load(options: Options, base: Path, device: torch.device) -> MedCLIPVLM:
    """The model with its published weights. Raises MammiError when weights or tokenizer are missing, damaged or do not
    fit, listing the keys."""
    model, vision = load_model(base / options.weights)
    config = model.bert.config
    tokenizer = load_tokenizer(
        base / options.tokenizer, "vlm.tokenizer", config.vocab_size, config.max_position_embeddings
    )
    dimension = model.heads["text_model"]["projection_head"].out_features  # type: ignore[index]
    return MedCLIPVLM(model, f"MedCLIP {vision}", dimension, tokenizer, options.parity, device)
