"""Tiny models that a configuration's `factory` kinds can name, and a folder of made-up films to run them on."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.errors import UnreadableImage
from engine.probing.base import Image as ProbingImage
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing

SIDE = 32
"""Side of both models' inputs, in pixels"""


class TinyClassifier(nn.Module):
    """Two convolutions, an in-place ReLU after the first, and a final layer of `classes` units."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 6, 3, padding=1)
        self.classifier = nn.Linear(6, classes)

    def forward(self, films: Tensor) -> Tensor:
        maps = self.second(self.relu(self.first(films)))
        logits: Tensor = self.classifier(maps.mean((2, 3)))
        return logits


def tiny_target(classes: int = 3, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TinyClassifier(classes)


class CurvedHead(TinyClassifier):
    """Its outputs are products of two that the last linear layer gives, which has no bias: no linear layer gives the
    outputs themselves, nor any of them alone."""

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.classifier = nn.Linear(6, classes, bias=False)

    def forward(self, films: Tensor) -> Tensor:
        given = super().forward(films)
        return given * given.flip(1)


def curved_target(classes: int = 3) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return CurvedHead(classes)


class NoGradient(CurvedHead):
    """Without a linear head, and without gradients."""

    def forward(self, films: Tensor) -> Tensor:
        return super().forward(films).detach()


def no_gradient_target(classes: int = 3) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return NoGradient(classes)


class SpareHead(TinyClassifier):
    """Its outputs follow the maxima of its maps; a second linear layer stands behind them, for training only."""

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.spare = nn.Linear(4, classes)

    def forward(self, films: Tensor) -> Any:
        first = self.first(films)
        logits = self.classifier(self.second(self.relu(first)).amax((2, 3)))
        return {"logits": logits, "aside": self.spare(first.mean((2, 3)))}


def spare_head_target(classes: int = 3) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SpareHead(classes)


class Forms(nn.Module):
    """Two units, the film and twice its negative, given in three forms: maps with units first, maps with units last,
    and tokens of 4 × 4 pixels after a class token. The classes follow the class token, so they have no maps."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 1, bias=False)
        self.first.weight.data = torch.tensor([1.0, -2.0])[:, None, None, None]
        self.last = nn.Identity()
        self.tokens = nn.Identity()
        self.classifier = nn.Linear(2, 3)

    def forward(self, films: Tensor) -> Tensor:
        maps = self.first(films)
        self.last(maps.permute(0, 2, 3, 1))
        patches = nn.functional.max_pool2d(maps, 4).flatten(2).transpose(1, 2)
        tokens = self.tokens(torch.cat([patches[:, :1] ** 2, patches], dim=1))
        logits: Tensor = self.classifier(tokens[:, 0])
        return logits


def forms_target() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Forms()


def tiny_convolutions(classes: int = 3) -> nn.Module:
    """A classifier whose last layers are a convolution and an average."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first, last = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, classes, 1)
    names = ("first", "relu", "last", "average", "flat")
    layers = (first, nn.ReLU(), last, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(OrderedDict(zip(names, layers, strict=True)))


def half_trained_target(
    untrained: Sequence[str], classes: Sequence[str] = ("effusion", "mass", "hernia")
) -> TargetModel:
    """The classifier, said to have no trained weights for some of its tensors."""
    preprocess = Preprocessing(size=SIDE, crop=SIDE, channels=1)
    return TargetModel(tiny_target(), preprocess, tuple(classes), "tiny", "tiny classifier", frozenset(untrained))


class TinyVLM:
    """Projects a film's pixels at random; a text's vector is drawn from its hash. It refuses the film `blind_to`."""

    name = "tiny VLM"
    dimension = 8

    def __init__(self, device: torch.device, seed: int = 1, blind_to: str = "") -> None:
        self.identity = f"tiny {seed} {blind_to}"
        self.by_name = bool(blind_to)
        self._seed = seed
        self._blind_to = blind_to
        generator = torch.Generator().manual_seed(seed)
        self._projection = torch.randn(SIDE * SIDE, self.dimension, generator=generator).to(device)

    def preprocess(self, film: NDArray[np.uint8], image: ProbingImage) -> Tensor:
        if self._blind_to and image.path == self._blind_to:
            raise UnreadableImage("not for this VLM")
        small = Image.fromarray(film).resize((SIDE, SIDE))
        return torch.from_numpy(np.asarray(small, dtype=np.float32) / 255)[None]

    def encode_images(self, batch: Tensor) -> Tensor:
        return nn.functional.normalize(batch.flatten(1) @ self._projection, dim=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        seeds = [[zlib.crc32(text.encode()), self._seed] for text in texts]
        vectors = [np.random.default_rng(seed).standard_normal(self.dimension) for seed in seeds]
        return np.stack([vector / np.linalg.norm(vector) for vector in vectors]).astype(np.float32)


def tiny_vlm(device: torch.device, **arguments: Any) -> TinyVLM:
    return TinyVLM(device, **arguments)


CONFIG = """
[run]
out = "{folder}/tiny.duckdb"
device = "cpu"
batch_size = 4

[probing]
kind = "folder"
folder = "films"

[target]
kind = "factory"
factory = "tests.support.models:tiny_target"
layers = ["first", "penultimate", "logits"]
classes = ["effusion", "mass", "hernia"]
probabilities = "sigmoid"
preprocessing = {{ size = 32, crop = 32, channels = 1 }}

[vlm]
kind = "factory"
factory = "tests.support.models:tiny_vlm"

[concepts]
kind = "word_list"
path = "concepts.txt"
"""


def write_film(path: Path, seed: int, side: int = 48) -> None:
    """Writes a film of smooth noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(path)


def tiny_project(folder: Path, films: int = 14) -> Path:
    """Writes a complete, fast configuration with its films and concepts. Returns the path of its TOML file."""
    for index in range(films):
        write_film(folder / "films" / f"{index:03}.png", seed=index)
    (folder / "concepts.txt").write_text("effusion\nmass\nheart\nrib\nopacity\n")
    config = folder / "tiny.toml"
    config.write_text(CONFIG.format(folder=folder.as_posix()))
    return config
