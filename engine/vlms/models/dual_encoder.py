"""The network of the demo's VLM, a small image-text dual encoder, and its adapter."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.concepts.tokens import tokenize
from engine.probing.base import Image
from engine.weights.embedded.files import load_weights
from engine.weights.embedded.inputs import network_input

DIMENSION = 128
BUCKETS = 4096
MAX_WORDS = 48
MAX_PIECES = 24
"""Longer texts and words are cut"""


class Residual(nn.Module):
    """Two 3x3 convolutions beside a 1x1 shortcut, at half the resolution."""

    def __init__(self, channels: int, wider: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, wider, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(wider),
            nn.ReLU(),
            nn.Conv2d(wider, wider, 3, padding=1, bias=False),
            nn.BatchNorm2d(wider),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(channels, wider, 1, stride=2, bias=False), nn.BatchNorm2d(wider))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + self.shortcut(x))


class ImageTower(nn.Module):
    """Encodes inputs [n, 1, 128, 128] as [n, DIMENSION].

    Maps are pooled by their mean and their maximum: findings may be wide or tiny.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.stages = nn.Sequential(
            Residual(width, 2 * width), Residual(2 * width, 4 * width), Residual(4 * width, 8 * width)
        )
        self.project = nn.Linear(16 * width, DIMENSION)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stages(self.stem(x))
        return self.project(torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1))  # type: ignore[no-any-return]


class TextTower(nn.Module):
    """Encodes words as [n, DIMENSION].

    There is no vocabulary: a word is the scaled sum of the vectors of its hashed pieces (itself, its letter trigrams),
    as in fastText (Bojanowski et al., arXiv 1607.04606). A word that training never saw lies near the words that it
    resembles.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pieces = nn.Embedding(BUCKETS + 1, DIMENSION, padding_idx=0)
        self.positions = nn.Parameter(torch.randn(MAX_WORDS, DIMENSION) * 0.1)
        layer = nn.TransformerEncoderLayer(
            DIMENSION, nhead=4, dim_feedforward=256, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.project = nn.Linear(DIMENSION, DIMENSION)

    def forward(self, pieces: Tensor) -> Tensor:
        """`pieces` [n, words, pieces of a word], 0 where there is none."""
        real = pieces != 0
        words = self.pieces(pieces).sum(dim=2) / real.sum(dim=2, keepdim=True).clamp_min(1).sqrt()
        padding = ~real.any(dim=2)
        padding[:, 0] = False  # an empty text is one empty word
        hidden = self.encoder(words + self.positions[: words.shape[1]], src_key_padding_mask=padding)
        kept = (~padding).unsqueeze(2).to(hidden.dtype)
        return self.project((hidden * kept).sum(dim=1) / kept.sum(dim=1))  # type: ignore[no-any-return]


class DualEncoder(nn.Module):
    """Both towers and the contrastive loss's temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.images = ImageTower()
        self.texts = TextTower()
        self.log_scale = nn.Parameter(torch.tensor(np.log(10.0), dtype=torch.float32))


def text_pieces(texts: Sequence[str]) -> Tensor:
    """Turns texts into the text tower's input, int64 [n, most words, most pieces of a word]; 0 where there is none."""
    words = [[_word_pieces(word) for word in _words(text)] or [()] for text in texts]
    longest = max(len(text) for text in words)
    most = max(len(word) for text in words for word in text)
    table = np.zeros((len(texts), longest, max(most, 1)), dtype=np.int64)
    for text_row, text in zip(table, words, strict=True):
        for place, word in enumerate(text):
            text_row[place, : len(word)] = word
    return torch.from_numpy(table)


def _words(text: str) -> list[str]:
    return [token for token in tokenize(text.lower()) if token[0].isalnum()][:MAX_WORDS]


@lru_cache(maxsize=65536)
def _word_pieces(word: str) -> tuple[int, ...]:
    marked = f"<{word}>"
    pieces = [marked, *(marked[start : start + 3] for start in range(len(marked) - 2))][:MAX_PIECES]
    return tuple(zlib.crc32(piece.encode()) % BUCKETS + 1 for piece in pieces)


class DemoVLM:
    """The dual encoder behind the VLM protocol."""

    name = "demo dual encoder"
    dimension = DIMENSION
    by_name = False

    def __init__(self, model: DualEncoder, identity: str, device: torch.device) -> None:
        self.identity = identity
        self._model = model.eval().to(device).to(memory_format=torch.channels_last)
        self._device = device

    def preprocess(self, film: NDArray[np.uint8], image: Image) -> Tensor:  # noqa: ARG002
        return network_input(film)

    @torch.inference_mode()
    def encode_images(self, batch: Tensor) -> Tensor:
        vectors = self._model.images(batch.contiguous(memory_format=torch.channels_last))
        return functional.normalize(vectors.float(), dim=1)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encodes one text at a time, so that its vector is the same to the last bit whatever the other texts are."""
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            encoded = self._model.texts(text_pieces([text]).to(self._device))
            row[:] = functional.normalize(encoded.float(), dim=1)[0].cpu().numpy()
        return vectors


def load_vlm(weights: Path, identity: str, device: torch.device) -> DemoVLM:
    """The VLM from a file of weights. Raises MammiError when it cannot be read or belongs to another model."""
    model = DualEncoder()
    load_weights(model, weights)
    return DemoVLM(model, identity, device)
